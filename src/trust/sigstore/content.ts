// What verified bytes say: that they are about this image, and whether they sign it or attest something of it.
import { inTotoType, parseStatement } from '../../image/index.ts';
import { Rejection, type Signed } from '../evidence/index.ts';
import type { SignedEntity } from './entity.ts';
import { digestOfPayload } from './simplesigning.ts';

/** The statement that cosign 3 signs for an image; every other one is an attestation and no signature. */
export const cosignSignPredicate = 'https://sigstore.dev/cosign/sign/v1';

/** What the verified bytes are about; an attestation where they are one. Throws Rejection unless it is this image. */
export function contentOf(entity: SignedEntity, digest: string): Signed['attestation'] {
  if (entity.content.kind === 'manifest') return undefined;
  if (entity.content.kind === 'payload') {
    const named = digestOfPayload(entity.signed);
    if (named !== digest)
      throw new Rejection(
        'digest-other',
        `expected a signature of ${digest}, got one of ${named.slice(0, 80)}`,
      );
    return undefined;
  }
  const { envelope } = entity.content;
  if (envelope.payloadType !== inTotoType)
    throw new Rejection(
      'payload-type',
      `expected ${inTotoType}, got ${JSON.stringify(envelope.payloadType.slice(0, 100))}`,
    );
  const { subjects, predicateType, predicate } = parseStatement(envelope.payload);
  if (!subjects.includes(digest))
    throw new Rejection(
      'digest-other',
      `expected a statement about ${digest}, got one about ${subjects[0] ?? 'nothing with a digest'}`,
    );
  return predicateType === cosignSignPredicate ? undefined : { predicateType, predicate };
}
