// Bodies of log entries in every kind that clients have written, about one signature.
import { certificatePem } from '../trust/certificate/index.ts';

const sha256 = { algorithm: 'sha256', value: 'a'.repeat(64) };
const tileDigest = { algorithm: 'SHA2_256', digest: Buffer.alloc(32, 1).toString('base64') };

/** Canonicalized bodies of a hashedrekord, dsse and intoto entry, of Rekor v1 and v2. */
export function logBodies(signature: Buffer, certificate: { raw: Buffer }): Buffer[] {
  const content = signature.toString('base64');
  const pem = Buffer.from(certificatePem(certificate)).toString('base64');
  const tileVerifier = { x509Certificate: { rawBytes: certificate.raw.toString('base64') } };
  const body = (kind: string, apiVersion: string, spec: unknown) =>
    Buffer.from(JSON.stringify({ apiVersion, kind, spec }));
  return [
    body('hashedrekord', '0.0.1', {
      data: { hash: sha256 },
      signature: { content, publicKey: { content: pem } },
    }),
    body('hashedrekord', '0.0.2', {
      hashedRekordV002: { data: tileDigest, signature: { content, verifier: tileVerifier } },
    }),
    body('dsse', '0.0.1', {
      envelopeHash: sha256,
      payloadHash: sha256,
      signatures: [{ signature: content, verifier: pem }],
    }),
    body('dsse', '0.0.2', {
      dsseV002: { payloadHash: tileDigest, signatures: [{ content, verifier: tileVerifier }] },
    }),
    body('intoto', '0.0.2', {
      content: {
        payloadHash: sha256,
        envelope: { signatures: [{ sig: Buffer.from(content).toString('base64'), publicKey: pem }] },
      },
    }),
  ];
}
