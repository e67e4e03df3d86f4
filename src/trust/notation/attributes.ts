// What a Notation signature says of itself under the signature, whatever the envelope (signature-specification.md).
import { Rejection } from '../evidence/index.ts';
import { type Algorithm, algorithms, isAlgorithm } from './algorithm.ts';

export const payloadType = 'application/vnd.cncf.notary.payload.v1+json';

export const schemes = ['notary.x509', 'notary.x509.signingAuthority'] as const;

export type Scheme = (typeof schemes)[number];

const prefix = 'io.cncf.notary.';

/** Names of the attributes; JWS and COSE share them. */
export const attributeNames = {
  scheme: `${prefix}signingScheme`,
  signingTime: `${prefix}signingTime`,
  authenticSigningTime: `${prefix}authenticSigningTime`,
  expiry: `${prefix}expiry`,
  plugin: `${prefix}verificationPlugin`,
  pluginVersion: `${prefix}verificationPluginMinVersion`,
  timestamp: `${prefix}timestampSignature`,
  agent: `${prefix}signingAgent`,
} as const;

export interface SignedAttributes {
  algorithm: Algorithm;
  scheme: Scheme;
  /** Ms since 1970, as the signer claims; proves nothing. */
  signingTime?: number;
  /** Ms since 1970, as a signing authority vouches. */
  authenticSigningTime?: number;
  /** Ms since 1970. */
  expiry?: number;
  /** A verification plugin that the signer asks for. */
  plugin?: string;
  /** Names of critical attributes that nothing here understands; the plugin's among them. */
  unknown: readonly string[];
}

/** The protected header, decoded as its envelope writes it. */
export interface ProtectedHeader {
  algorithm: unknown;
  contentType: unknown;
  critical: unknown;
  /** Every other attribute; labels that are numbers are written as such. */
  rest: ReadonlyMap<string | number, unknown>;
  /** Ms since 1970 of a time as the envelope writes it; undefined where it is none. */
  readTime(value: unknown): number | undefined;
}

/** Throws Rejection. */
export function readAttributes(header: ProtectedHeader): SignedAttributes {
  const { algorithm, contentType, rest } = header;
  if (contentType !== payloadType)
    throw new Rejection(
      'payload-type',
      `expected a payload of type ${payloadType}, got ${said(contentType)}`,
    );
  if (!isAlgorithm(algorithm))
    throw new Rejection(
      'algorithm-refused',
      `expected one of ${algorithms.join(', ')}, got ${said(algorithm)}`,
    );
  const scheme = rest.get(attributeNames.scheme);
  if (!schemes.some((known) => known === scheme))
    throw malformed(`a signing scheme (${schemes.join(' or ')})`, said(scheme));
  const time = (name: string): number | undefined => {
    if (!rest.has(name)) return undefined;
    const at = header.readTime(rest.get(name));
    if (at === undefined) throw malformed(`a time in ${name}`, said(rest.get(name)));
    return at;
  };
  const signingTime = time(attributeNames.signingTime);
  const authenticSigningTime = time(attributeNames.authenticSigningTime);
  const expiry = time(attributeNames.expiry);
  checkTimes(scheme as Scheme, signingTime, authenticSigningTime, expiry);
  const critical = readCritical(header, {
    [attributeNames.scheme]: true,
    [attributeNames.authenticSigningTime]: authenticSigningTime !== undefined,
    [attributeNames.expiry]: expiry !== undefined,
  });
  const plugin = rest.get(attributeNames.plugin);
  return {
    algorithm,
    scheme: scheme as Scheme,
    ...(signingTime === undefined ? {} : { signingTime }),
    ...(authenticSigningTime === undefined ? {} : { authenticSigningTime }),
    ...(expiry === undefined ? {} : { expiry }),
    ...(typeof plugin === 'string' ? { plugin } : {}),
    unknown: [...critical, ...pluginLeft(rest, critical)],
  };
}

function checkTimes(scheme: Scheme, signing?: number, authentic?: number, expiry?: number): void {
  const mine = scheme === 'notary.x509' ? signing : authentic;
  const other = scheme === 'notary.x509' ? authentic : signing;
  if (mine === undefined) throw malformed(`a signing time under ${scheme}`, 'none');
  if (other !== undefined) throw malformed(`one signing time under ${scheme}`, 'that of another scheme');
  if (expiry !== undefined && expiry <= mine)
    throw malformed('an expiry after the signing time', 'one before');
}

/** Exactly what has to be critical is, and the rest is given back: what is critical and not known here. */
function readCritical({ critical, rest }: ProtectedHeader, must: Record<string, boolean>): string[] {
  if (!Array.isArray(critical) || critical.length === 0)
    throw malformed('a list of critical attributes', 'none');
  const listed = new Set<unknown>(critical);
  if (listed.size !== critical.length) throw malformed('each critical attribute once', 'one twice');
  for (const name of listed)
    if (!rest.has(name as string | number))
      throw malformed('critical attributes that are there', `${said(name)}, which is not`);
  for (const [name, wanted] of Object.entries(must))
    if (wanted && !listed.delete(name)) throw malformed(`${name} to be critical`, 'it is not');
  return [...listed].map(String);
}

/** A plugin's attributes have to be critical; one that is not is not understood all the same. */
function pluginLeft(rest: ProtectedHeader['rest'], critical: readonly string[]): string[] {
  const names: string[] = [attributeNames.plugin, attributeNames.pluginVersion];
  return names.filter((name) => rest.has(name) && !critical.includes(name));
}

export function malformed(expected: string, got: string): Rejection {
  return new Rejection('signature-malformed', `expected ${expected}, got ${got}`);
}

function said(value: unknown): string {
  if (value === undefined) return 'none';
  const text = typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value) : typeof value;
  return text.slice(0, 100);
}
