// Why something is renewed.

export type Cause =
  /** `from`: what the tag named before; null: it was never seen. */
  | { kind: 'base-moved'; base: string; from: string | null; to: string }
  | { kind: 'fix-available'; base: string; to: string; ids: string[] }
  | { kind: 'too-old'; base: string; to: string; reference: string; days: number }
  | { kind: 'asked'; base: string; to: string; by: string; reference?: string };

export function causeText(cause: Cause): string {
  switch (cause.kind) {
    case 'base-moved':
      return `${cause.base} moved to ${short(cause.to)}`;
    case 'fix-available':
      return `${cause.base} has a fix for ${cause.ids.slice(0, 3).join(', ')}${cause.ids.length > 3 ? ` and ${cause.ids.length - 3} more` : ''}`;
    case 'too-old':
      return `${cause.reference} is older than ${cause.days} days`;
    case 'asked':
      return `asked for by ${cause.by}`;
  }
}

/** The first twelve digits, as people read digests. */
export function short(digest: string): string {
  return digest.slice(0, digest.indexOf(':') + 13);
}
