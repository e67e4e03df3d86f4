// Who said that an image may be rebased, and what follows from who it was.
import { isWaivable, type Proof, proof } from './proof.ts';
import type { RebaseInput } from './sides.ts';

/** Label or annotation, `true` or `false`, of an image or of the base it inherits labels from. */
export const rebasableLabel = 'dev.seaworthy.rebasable';
/** What buildpacks write; their `true` is the default there and so no promise of the author. */
const buildpacksLabel = 'io.buildpacks.rebasable';

interface Consent {
  proof: Proof;
  /** The author of the image, or of the base for all that stand on it. */
  isAuthors: boolean;
}

export function consentOf({ app, oldBase, permitted, linked }: RebaseInput): Consent {
  const said = app.manifest.annotations[rebasableLabel] ?? app.config.labels[rebasableLabel];
  if (said === 'false' || app.config.labels[buildpacksLabel] === 'false')
    return { proof: proof('consent', 'no', 'the image says that it may not be rebased'), isAuthors: false };
  if (said === 'true') {
    const inherited =
      app.manifest.annotations[rebasableLabel] === undefined &&
      oldBase.config.labels[rebasableLabel] === 'true';
    const who = inherited ? 'base says of all that stand on it' : 'image says of itself';
    return {
      proof: proof('consent', 'yes', `the ${who} that it may be rebased (${rebasableLabel})`),
      isAuthors: true,
    };
  }
  if (said !== undefined)
    return {
      proof: proof('consent', 'unknown', `${rebasableLabel} is neither true nor false`),
      isAuthors: false,
    };
  if (linked === true)
    return {
      proof: proof(
        'consent',
        'yes',
        'provenance says that every layer above the base was made by COPY --link',
      ),
      isAuthors: false,
    };
  if (permitted === true)
    return { proof: proof('consent', 'yes', 'the policy permits what is proven'), isAuthors: false };
  return {
    proof: proof('consent', 'no', `nobody said that it may be rebased: set the label ${rebasableLabel}=true`),
    isAuthors: false,
  };
}

/** What the author may answer for, and nothing else, is waived. */
export function waive(proofs: readonly Proof[]): Proof[] {
  return proofs.map((one) =>
    one.holds !== 'yes' && isWaivable(one.name) ? { ...one, waived: 'author' as const } : one,
  );
}
