// An entry in a log of Rekor v2, which answers with the entry as a bundle keeps it (rekor-tiles rekor_service.proto).
import { createHash, type KeyObject } from 'node:crypto';
import type { HttpClient } from '../../net/index.ts';
import type { ToLog } from './entry.ts';
import { postJson, serviceUrl } from './service.ts';

/** Throws SigningFault, NetFault. */
export async function addToTiles(
  http: HttpClient,
  url: string,
  { signed, signature, verifier }: ToLog,
): Promise<unknown> {
  const key = 'certificate' in verifier ? verifier.certificate.publicKey : verifier.key;
  const held =
    'certificate' in verifier
      ? { x509Certificate: raw(verifier.certificate.raw) }
      : { publicKey: raw(key.export({ type: 'spki', format: 'der' })) };
  return postJson(http, serviceUrl(url, 'api/v2/log/entries'), {
    hashedRekordRequestV002: {
      digest: createHash('sha256').update(signed).digest('base64'),
      signature: {
        content: signature.toString('base64'),
        verifier: { ...held, keyDetails: keyDetails(key) },
      },
    },
  });
}

function raw(bytes: Uint8Array) {
  return { rawBytes: Buffer.from(bytes).toString('base64') };
}

/** Names of protobuf-specs sigstore_common.proto, PublicKeyDetails. */
function keyDetails(key: KeyObject): string {
  if (key.asymmetricKeyType === 'ed25519') return 'PKIX_ED25519';
  if (key.asymmetricKeyType === 'rsa')
    return `PKIX_RSA_PKCS1V15_${key.asymmetricKeyDetails?.modulusLength}_SHA256`;
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve === 'secp384r1') return 'PKIX_ECDSA_P384_SHA_384';
  return curve === 'secp521r1' ? 'PKIX_ECDSA_P521_SHA_512' : 'PKIX_ECDSA_P256_SHA_256';
}
