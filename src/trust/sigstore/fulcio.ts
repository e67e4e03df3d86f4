// A certificate for an identity token, for a key that lives as long as one signature (sigstore/fulcio fulcio.proto,
// CreateSigningCertificate).
import { messageOf, parseJson } from '../../core/index.ts';
import { shapeOf } from '../../image/index.ts';
import type { HttpClient } from '../../net/index.ts';
import { type Certificate, parseCertificates } from '../certificate/index.ts';
import { type KeySigner, publicPem } from '../key/index.ts';
import { SigningFault } from './fault.ts';
import { postJson, serviceUrl } from './service.ts';

const shape = shapeOf('statement-invalid');

/** Leaf first. Throws SigningFault, NetFault. */
export async function requestCertificate(
  http: HttpClient,
  url: string,
  token: string,
  signer: KeySigner,
): Promise<Certificate[]> {
  // who holds the key proves it by signing the name that the token gives
  const proof = await signer.sign(Buffer.from(nameIn(token)));
  const answer = await postJson(http, serviceUrl(url, 'api/v2/signingCert'), {
    credentials: { oidcIdentityToken: token },
    publicKeyRequest: {
      publicKey: { algorithm: 'ECDSA', content: publicPem(signer.publicKey) },
      proofOfPossession: proof.toString('base64'),
    },
  });
  try {
    const body = shape.object(answer, 'the answer');
    const holder = body['signedCertificateEmbeddedSct'] ?? body['signedCertificateDetachedSct'];
    const chain = shape.object(shape.object(holder, 'signedCertificate')['chain'], 'chain');
    return parseCertificates(shape.texts(chain['certificates'], 'certificates', 8).join('\n'));
  } catch (cause) {
    throw new SigningFault(
      'signing-failed',
      `expected a certificate from ${url}, got another answer: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** The e-mail address where the token names one, else its subject: what Fulcio takes as the challenge. */
function nameIn(token: string): string {
  try {
    const [, payload = ''] = token.split('.');
    const claims = shape.object(parseJson(Buffer.from(payload, 'base64url').toString('utf8')), 'the token');
    return shape.text(claims['email'] ?? claims['sub'], 'sub');
  } catch (cause) {
    throw new SigningFault(
      'identity-token-missing',
      `expected an OpenID Connect token, got other text: ${messageOf(cause)}`,
      { cause },
    );
  }
}
