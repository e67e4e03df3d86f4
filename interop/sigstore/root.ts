// The two documents of a Sigstore deployment, for servers that a suite started: whom to trust, and whom to ask.
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import type { Fulcio, Rekor, TimestampAuthority } from '../trustservers.ts';

export interface TrustServers {
  fulcio?: Pick<Fulcio, 'url' | 'chain' | 'certificateLog'>;
  rekor?: Pick<Rekor, 'url' | 'publicKey' | 'origin'>;
  timestamps?: Pick<TimestampAuthority, 'url' | 'chain'>;
}

/** Servers of a suite began a moment ago; a second is what clocks and rounding may differ by. */
const start = new Date(Date.now() - 60_000).toISOString();

/** trusted_root.json: message TrustedRoot of Sigstore's protobuf-specs in its JSON form. */
export function trustedRootOf({ fulcio, rekor, timestamps }: TrustServers): Record<string, unknown> {
  return {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: rekor === undefined ? [] : [rekorLog(rekor)],
    certificateAuthorities: fulcio === undefined ? [] : [authority(fulcio.url, fulcio.chain)],
    ctlogs: fulcio === undefined ? [] : [log(fulcio.certificateLog.url, fulcio.certificateLog.publicKey)],
    timestampAuthorities: timestamps === undefined ? [] : [authority(timestamps.url, timestamps.chain)],
  };
}

/** A signing config, version 0.2: what cosign 3 asks whom to sign with. */
export function signingConfigOf({ fulcio, rekor, timestamps }: TrustServers): Record<string, unknown> {
  const service = (url: string, majorApiVersion: number) => ({
    url,
    majorApiVersion,
    validFor: { start },
    operator: 'interop',
  });
  return {
    mediaType: 'application/vnd.dev.sigstore.signingconfig.v0.2+json',
    ...(fulcio === undefined ? {} : { caUrls: [service(fulcio.url, 1)] }),
    ...(rekor === undefined
      ? {}
      : { rekorTlogUrls: [service(rekor.url, 2)], rekorTlogConfig: { selector: 'ANY' } }),
    ...(timestamps === undefined
      ? {}
      : {
          tsaUrls: [service(`${timestamps.url}/api/v1/timestamp`, 1)],
          tsaConfig: { selector: 'ANY' },
        }),
  };
}

function authority(uri: string, chain: readonly string[]) {
  const root = new X509Certificate(chain.at(-1)!);
  return {
    subject: {
      organization: /^O=(.*)$/m.exec(root.subject)?.[1] ?? '',
      commonName: /^CN=(.*)$/m.exec(root.subject)?.[1] ?? '',
    },
    uri,
    certChain: {
      certificates: chain.map((pem) => ({ rawBytes: new X509Certificate(pem).raw.toString('base64') })),
    },
    validFor: { start: new Date(root.validFrom).toISOString() },
  };
}

function log(baseUrl: string, key: KeyObject) {
  const spki = key.export({ format: 'der', type: 'spki' });
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: spki.toString('base64'),
      keyDetails: key.asymmetricKeyType === 'ed25519' ? 'PKIX_ED25519' : 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start },
    },
    logId: { keyId: createHash('sha256').update(spki).digest('base64') },
  };
}

/**
 * Clients compare a checkpoint's origin with the host of `baseUrl`, and a log's id is, for Ed25519, that of a signed
 * note (C2SP signed-note: SHA-256 of name, newline, 0x01, key); an ECDSA log keeps the hash of its key.
 */
function rekorLog({ publicKey, origin }: Pick<Rekor, 'publicKey' | 'origin'>) {
  const plain = log(`https://${origin}`, publicKey);
  if (publicKey.asymmetricKeyType !== 'ed25519') return plain;
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const keyId = createHash('sha256').update(`${origin}\n\x01`).update(raw).digest('base64');
  return { ...plain, logId: { keyId } };
}
