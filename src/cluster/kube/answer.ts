// What an API server answered, as an object or as a fault whose code says what to do.
import type { HttpResponse } from '../../net/index.ts';
import type { KubeObject } from './cluster.ts';
import { KubeFault, type KubeFaultCode } from './fault.ts';

/** Bytes of one answer: a page of a list, or an object (the API server's own bound for one is 3 MiB). */
const mostBytes = 256 << 20;

interface Status {
  reason?: string;
  message?: string;
  details?: { name?: string };
}

/** Throws KubeFault for every status from 400. */
export async function bodyOf(response: HttpResponse, did: string): Promise<unknown> {
  const text = await response.text(mostBytes);
  const body = parsed(text);
  if (response.status < 400) {
    if (body === undefined)
      throw new KubeFault(
        'api-server-failed',
        `expected JSON from ${response.url.host}, got ${JSON.stringify(text.slice(0, 80))}`,
      );
    return body;
  }
  throw faultOf(response.status, (body ?? { message: text.slice(0, 500) }) as Status, did);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `did`: what was asked, `get pods/web in shop`. */
export function faultOf(status: number, { reason, message = '', details }: Status, did: string): KubeFault {
  const say = (code: KubeFaultCode, hint?: string) =>
    new KubeFault(
      code,
      `expected to ${did}, got ${message.slice(0, 4000) || `status ${status}`}`,
      hint === undefined ? {} : { hint },
    );
  if (isRefusal(message)) return new KubeFault('refused', message.slice(0, 4000));
  if (status === 401)
    return say('kube-credentials', 'The API server does not know these credentials; log in again.');
  if (status === 403)
    return say('forbidden', 'Ask for a role that allows it; docs/cluster.md lists what each command needs.');
  if (status === 404 && details?.name === undefined) return say('resource-unknown');
  if (status === 409) return say(reason === 'AlreadyExists' ? 'already-exists' : 'conflict');
  if (status === 400 || status === 404 || status === 415 || status === 422) return say('object-invalid');
  return say('api-server-failed');
}

/** An admission's no, by its webhook or by an admission policy; as the API server words it. */
function isRefusal(message: string): boolean {
  return /^admission webhook "|ValidatingAdmissionPolicy '/.test(message);
}

/** Objects of a list do not say their kind themselves. */
export function asObject(value: unknown, apiVersion: string, kind: string): KubeObject {
  const object = value as KubeObject;
  if (typeof object?.metadata?.name !== 'string')
    throw new KubeFault(
      'api-server-failed',
      `expected an object with a name, got ${JSON.stringify(value)?.slice(0, 80)}`,
    );
  return { ...object, apiVersion: object.apiVersion ?? apiVersion, kind: object.kind ?? kind };
}
