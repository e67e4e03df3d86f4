// What the text of an image becomes when its digest moves: the name as it was written, only the digest another.
import { parseReference, type Reference } from '../../image/index.ts';

/** One image of one repository moves from a digest to another. */
export interface DigestChange {
  domain: string;
  repository: string;
  /** The tag that was named beside the old digest: texts with this tag and no digest are meant as well. */
  tag?: string;
  from: string;
  to: string;
  /** A tag that takes the place of the one in the text. */
  toTag?: string;
}

export interface MovedText {
  /** With the new digest. */
  after: string;
  /** With the old digest: where to return to, whatever the tag stands for by then. */
  good: string;
  named: 'digest' | 'tag';
  /** `latest` where the text names none. */
  tag: string | undefined;
}

/** Undefined: the text is no reference, of another repository, or of another digest. */
export function movedText(text: string, change: DigestChange): MovedText | undefined {
  const reference = referenceOf(text);
  if (reference?.domain !== change.domain || reference.repository !== change.repository) return undefined;
  const { digest, tag } = reference;
  if (digest !== undefined && digest !== change.from) return undefined;
  const name = digest === undefined ? text : text.slice(0, text.indexOf('@'));
  const renamed =
    tag === undefined || change.toTag === undefined
      ? name
      : `${name.slice(0, name.length - tag.length)}${change.toTag}`;
  return {
    after: `${renamed}@${change.to}`,
    good: `${name}@${change.from}`,
    named: digest === undefined ? 'tag' : 'digest',
    tag: digest === undefined ? (tag ?? 'latest') : tag,
  };
}

/** Undefined where the text is none: a template's placeholder, a stranger's nonsense. */
export function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}
