// Answers of a service that runs pipelines: the login page told from JSON, what passes told from what stays.
import { isFault, parseJson } from '../../core/index.ts';
import type { HttpResponse } from '../../net/index.ts';
import { PipelineFault } from './fault.ts';

const answerBytes = 8 << 20;
const quoted = 300;

export interface Service {
  /** `Azure Pipelines at dev.azure.com`. */
  name: string;
  /** What to do about a login that is refused, or may not do this. */
  login: string;
  /** What to check when it does not know what was asked for. */
  names: string;
}

/** Rejects with PipelineFault unless the status is one of `wanted`. */
export async function expectStatus(
  service: Service,
  response: HttpResponse,
  wanted: readonly number[],
): Promise<void> {
  if (wanted.includes(response.status)) return;
  const { status } = response;
  const said = await saidBy(response);
  const got = `${status}${said === '' ? '' : ` (${said})`}`;
  if (status === 401 || status === 203 || (status >= 300 && status < 400))
    throw loginRefused(service, `status ${status}`);
  if (status === 403)
    throw new PipelineFault('pipeline-forbidden', `expected ${service.name} to allow this, got ${got}`, {
      hint: service.login,
    });
  if (status === 404 || status === 410)
    throw new PipelineFault('pipeline-unknown', `expected ${service.name} to know this, got ${got}`, {
      hint: service.names,
    });
  if (status === 429 || status === 503) {
    const seconds = /^\d{1,6}$/.exec(response.header('retry-after') ?? '')?.[0];
    throw new PipelineFault('pipeline-busy', `expected ${service.name} to answer, got ${got}`, {
      hint: 'It is asked again later.',
      ...(seconds === undefined ? {} : { retryAfter: Number(seconds) * 1000 }),
    });
  }
  if (status >= 500)
    throw new PipelineFault('pipeline-failed', `expected ${service.name} to answer, got ${got}`, {
      hint: 'It is asked again later.',
    });
  throw new PipelineFault('pipeline-refused', `expected ${service.name} to accept this, got ${got}`, {
    hint: service.names,
  });
}

export function loginRefused(service: Service, got: string): PipelineFault {
  return new PipelineFault(
    'pipeline-login-refused',
    `expected ${service.name} to accept the login, got ${got}`,
    { hint: service.login },
  );
}

/** A page in HTML with status 200 is a login page or a proxy's. Rejects with PipelineFault. */
export async function bodyAsJson(service: Service, response: HttpResponse, limit: number): Promise<unknown> {
  const text = await response.text(limit);
  if (/^\s*</.test(text)) throw loginRefused(service, 'a page instead of JSON');
  try {
    return parseJson(text);
  } catch (cause) {
    if (!isFault(cause)) throw cause;
    throw invalidAnswer(service, 'JSON', cause.message, cause);
  }
}

export async function jsonOf(service: Service, response: HttpResponse): Promise<Record<string, unknown>> {
  const value = await bodyAsJson(service, response, answerBytes);
  if (isObject(value)) return value;
  throw invalidAnswer(service, 'an object', JSON.stringify(value).slice(0, 80));
}

export function invalidAnswer(
  service: Service,
  expected: string,
  got: string,
  cause?: unknown,
): PipelineFault {
  return new PipelineFault(
    'pipeline-answer-invalid',
    `expected ${expected} from ${service.name}, got ${plain(got, 200)}`,
    { hint: 'Check that the address is the service itself and nothing that stands before it.', cause },
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectsIn(value: unknown, most: number): Record<string, unknown>[] {
  return Array.isArray(value) ? value.slice(0, most).filter(isObject) : [];
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

/** The `message` of JSON; of a page nothing, since that is all markup. */
async function saidBy(response: HttpResponse): Promise<string> {
  try {
    const text = await response.text(64 << 10);
    if (/^\s*</.test(text)) return '';
    const value = /^\s*\{/.test(text) ? parseJson(text) : text;
    const message = isObject(value) ? (value['message'] ?? value['error'] ?? '') : value;
    return typeof message === 'string' ? plain(message, quoted) : '';
  } catch {
    // it is only quoted: the status says what happened
    return '';
  }
}

/** One line without control characters: a stranger's text must not steer a terminal. */
export function plain(text: string, most: number): string {
  const line = text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
