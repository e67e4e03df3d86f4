// An OIDC issuer of our own: signs identity tokens that Fulcio accepts, so that keyless signing needs no person.
import { generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { type Running, startThread } from './sigstore/running.ts';

export interface Claims {
  subject: string;
  /** Absent: the token names none. Fulcio puts it into the certificate when the issuer is one of people. */
  email?: string;
  audience?: string;
}

export interface Issuer extends Running {
  /** What its tokens are about: people by e-mail address, or jobs by URL (the subject, below the issuer's host). */
  kind: 'email' | 'uri';
  /** A signed ID token (RS256, the one that cosign takes as text), good for ten minutes. */
  token(claims: Claims): string;
}

/** Its `url` is the issuer's name, too. */
export async function startIssuer(kind: Issuer['kind'] = 'email'): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = 'interop';
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
  const running = await startThread(join(import.meta.dirname, 'sigstore', 'issuerthread.ts'), { jwk });
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const token = ({ subject, email, audience = 'sigstore' }: Claims) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: running.url,
      sub: subject,
      aud: audience,
      iat: now - 5,
      exp: now + 600,
      ...(email === undefined ? {} : { email, email_verified: true }),
    };
    const text = `${encode({ alg: 'RS256', typ: 'JWT', kid })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(text), privateKey);
    return `${text}.${signature.toString('base64url')}`;
  };
  return { ...running, kind, token };
}
