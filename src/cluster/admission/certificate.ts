// The agent's certificate authority and server certificate: made, read back and judged. Pure but for new keys.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { messageOf } from '../../core/index.ts';
import {
  authorityKeyId,
  basicConstraints,
  type Certificate,
  certificatePem,
  dnsNames,
  extendedKeyUsage,
  isSignedBy,
  keyUsage,
  makeCertificate,
  parseCertificate,
  parseCertificates,
  purposes,
  subjectKeyId,
} from '../../trust/certificate/index.ts';

const day = 86_400_000;

/** Clocks differ: what is made now counts since an hour ago. */
export const backdate = 3_600_000;
export const authorityLife = 365 * day;
export const leafLife = 90 * day;

/** A certificate with its private key, both PEM. */
export interface Pair {
  cert: string;
  key: string;
}

/** What the Secret holds. */
export interface CertificateState {
  /** The newest authority: it signs what is signed from now on. */
  authority: Pair;
  /** Certificates of earlier authorities, whose leaves may still be served; PEM each. */
  previous: readonly string[];
  leaf: Pair;
}

/** Certificates of a state, parsed. */
export interface ReadState {
  authority: Certificate;
  previous: readonly Certificate[];
  leaf: Certificate;
}

/** A new authority. `now`: ms since 1970. */
export function makeAuthority(now: number): Pair {
  const key = newKey();
  const subject = `CN=seaworthy-agent-ca,OU=${new Date(now).toISOString().slice(0, 19)}Z`;
  const der = makeCertificate({
    subject,
    issuer: subject,
    publicKey: createPublicKey(key),
    signerKey: key,
    notBefore: now - backdate,
    notAfter: now + authorityLife,
    extensions: [basicConstraints(true, 0), keyUsage([5, 6]), subjectKeyId(key)],
  });
  return pairOf(der, key);
}

/** A server certificate for the names, which never outlives its authority. */
export function makeLeaf(authority: Pair, names: readonly string[], now: number): Pair {
  const key = newKey();
  const signerKey = createPrivateKey(authority.key);
  const issuer = parseCertificates(authority.cert)[0]!;
  const der = makeCertificate({
    // At most 64 characters fit a common name (RFC 5280, ub-common-name): the names stand in the extension.
    subject: 'CN=seaworthy-agent',
    issuer: issuer.subject,
    publicKey: createPublicKey(key),
    signerKey,
    notBefore: now - backdate,
    notAfter: Math.min(now + leafLife, issuer.notAfter),
    extensions: [
      basicConstraints(false),
      keyUsage([0]),
      extendedKeyUsage([purposes.serverAuth]),
      dnsNames(names),
      subjectKeyId(key),
      authorityKeyId(signerKey),
    ],
  });
  return pairOf(der, key);
}

function newKey(): KeyObject {
  return createPrivateKey(
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    }).privateKey,
  );
}

function pairOf(der: Buffer, key: KeyObject): Pair {
  return { cert: certificatePem({ raw: der }), key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** Why a state is no use, as a phrase; else what its certificates say. Its contents may be anybody's. */
export function readState(state: CertificateState, names: readonly string[]): ReadState | string {
  try {
    const authority = single(state.authority.cert);
    const previous = state.previous.map(single);
    const leaf = single(state.leaf.cert);
    if (authority.ca !== true) return 'the authority is none';
    if (!isPair(authority, state.authority.key)) return 'the key of the authority is another’s';
    if (!isPair(leaf, state.leaf.key)) return 'the key of the certificate is another’s';
    if (!isSignedBy(authority, authority) || ![authority, ...previous].some((by) => isSignedBy(leaf, by)))
      return 'no authority in it signed the certificate';
    const server = new X509Certificate(leaf.raw);
    const missing = names.find((name) => server.checkHost(name, { subject: 'never' }) === undefined);
    return missing === undefined ? { authority, previous, leaf } : `the certificate is not for ${missing}`;
  } catch (error) {
    return messageOf(error);
  }
}

function single(pem: string): Certificate {
  const [first, second] = parseCertificates(pem);
  if (first === undefined || second !== undefined) throw new Error('expected one certificate, got several');
  return parseCertificate(first.raw);
}

function isPair(certificate: Certificate, key: string): boolean {
  const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  return certificate.spki.equals(spki);
}
