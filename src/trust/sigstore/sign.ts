// Makes a Sigstore bundle over a statement: by a key, or keyless with an identity token.
import { createHash } from 'node:crypto';
import { inTotoType, preAuthEncoding } from '../../image/index.ts';
import type { HttpClient } from '../../net/index.ts';
import type { Certificate } from '../certificate/index.ts';
import { ephemeralSigner, type KeySigner } from '../key/index.ts';
import { bundleType } from './bundle.ts';
import { requestCertificate } from './fulcio.ts';
import { addEntry, type LogService } from './rekor.ts';
import { requestTimestamp } from './timestamping.ts';

export type BundleSigner = { key: KeySigner } | { identityToken: string; fulcio: string };

export interface BundleServices {
  http: HttpClient;
  log?: LogService;
  /** Addresses of timestamp authorities. */
  timestamp?: string;
}

/** The bundle's JSON over an in-toto statement. Throws SigningFault, NetFault, CertificateFault. */
export async function signBundle(
  statement: Uint8Array,
  by: BundleSigner,
  services: BundleServices,
): Promise<Buffer> {
  const { http } = services;
  const signer = 'key' in by ? by.key : ephemeralSigner();
  const certificate =
    'key' in by ? undefined : (await requestCertificate(http, by.fulcio, by.identityToken, signer))[0];
  const signed = preAuthEncoding(inTotoType, statement);
  const signature = await signer.sign(signed);
  const hint = keyHint(signer);
  const envelope = {
    payload: Buffer.from(statement).toString('base64'),
    payloadType: inTotoType,
    signatures: [{ sig: signature.toString('base64') }],
  };
  const verifier = certificate === undefined ? { key: signer.publicKey } : { certificate };
  const [entry, timestamp] = await Promise.all([
    services.log &&
      addEntry(http, services.log, { signed, signature, envelope: JSON.stringify(envelope), verifier }),
    services.timestamp && requestTimestamp(http, services.timestamp, signature),
  ]);
  return Buffer.from(
    JSON.stringify({
      mediaType: bundleType,
      verificationMaterial: {
        ...material(certificate, hint),
        ...(entry ? { tlogEntries: [entry] } : { tlogEntries: [] }),
        timestampVerificationData: {
          rfc3161Timestamps: timestamp ? [{ signedTimestamp: timestamp.toString('base64') }] : [],
        },
      },
      dsseEnvelope: envelope,
    }),
  );
}

function material(certificate: Certificate | undefined, hint: string) {
  return certificate === undefined
    ? { publicKey: { hint } }
    : { certificate: { rawBytes: certificate.raw.toString('base64') } };
}

/** Base64 of the SHA-256 of the key: which one it may be, for a reader with many. */
function keyHint({ publicKey }: KeySigner): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
}
