// Whether an envelope holds together: chain, algorithm, signature, and the image it is about; no question of trust yet.
import { type Evidence, Rejection, type Subject } from '../evidence/index.ts';
import { algorithmOf, describeKey, verifySignature } from './algorithm.ts';
import { checkSigningChain } from './chain.ts';
import { type NotationEnvelope, readTarget } from './content.ts';
import { parseEnvelope } from './envelope.ts';

/** Step 1: envelope, chain and signature, without any question of trust. */
export function checkIntegrity({ mediaType, payload }: Evidence): NotationEnvelope {
  const envelope = parseEnvelope(mediaType, payload);
  const { algorithm, chain, signedBytes, signature } = envelope;
  checkSigningChain(chain);
  const key = chain[0]!.publicKey;
  if (algorithmOf(key) !== algorithm)
    throw new Rejection(
      'algorithm-refused',
      `expected the algorithm for ${describeKey(key)}, got ${algorithm}`,
    );
  if (!verifySignature(algorithm, signedBytes, key, signature))
    throw new Rejection(
      'signature-wrong',
      "expected a signature by the certificate's key, got one that does not fit",
    );
  return envelope;
}

/** All three have to be those of the image: a digest alone could be read as another kind of thing (CVE-2023-33959). */
export function checkTarget({ payload }: NotationEnvelope, evidence: Evidence, subject: Subject): void {
  const target = readTarget(payload);
  for (const field of ['digest', 'mediaType', 'size'] as const)
    if (target[field] !== subject[field])
      throw new Rejection(
        'digest-other',
        `expected a signature of ${field} ${subject[field]}, got one of ${JSON.stringify(target[field]).slice(0, 200)}`,
      );
  if (evidence.subject !== subject.digest)
    throw new Rejection(
      'digest-other',
      `expected evidence beside ${subject.digest}, got it beside ${evidence.subject}`,
    );
}
