// What the proofs of a rebase leave to say: fields that both sides changed, and what does not hold by itself.
import type { PlatformRebase } from './rebaseimage.ts';

const mostNotes = 20;

/** A sentence each, with the platforms it is true of where it is not true of all. `proofs`: as the record keeps them. */
export function notesOf(proofs: unknown): string[] {
  const platforms = Array.isArray(proofs) ? (proofs as Partial<PlatformRebase>[]) : [];
  const found = new Map<string, string[]>();
  for (const { platform = '', proofs: list = [], conflicts = [] } of platforms) {
    const notes = [
      ...conflicts.map(({ field, text }) => `${field}: ${text}`),
      ...list
        .filter(({ holds }) => holds !== 'yes')
        .map(
          ({ name, text, waived }) =>
            `${name}: ${text}${waived === undefined ? '' : ' (the image’s author answers for it)'}`,
        ),
    ];
    for (const note of new Set(notes)) found.set(note, [...(found.get(note) ?? []), platform]);
  }
  const notes = [...found].map(([note, of]) =>
    of.length === platforms.length ? note : `${of.join(', ')}: ${note}`,
  );
  const more = notes.length - mostNotes;
  return more > 0 ? [...notes.slice(0, mostNotes), `and ${more} more`] : notes;
}
