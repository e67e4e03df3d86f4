// Why something is renewed.

export type Cause =
  /** `from`: what the tag named before; null: it was never seen. */
  | { kind: 'base-moved'; base: string; from: string | null; to: string }
  /** `ids`: flaws that reach an image by its base, and not the base as it is now. */
  | { kind: 'fix-available'; base: string; to: string; ids: string[] }
  /** `digest`: of what is too old; `due`: ms since 1970; `maxAge`: `30d`. No base: nobody knows what it stands on. */
  | {
      kind: 'too-old';
      base: string;
      to: string;
      reference: string;
      digest: string;
      maxAge: string;
      due: number;
    }
  /** What came to nothing on this very digest is tried once more; `id`: of what changed, `text`: in words. */
  | { kind: 'again'; base: string; to: string; change: 'release' | 'policy'; id: string; text: string }
  | { kind: 'asked'; base: string; to: string; by: string; reference?: string };

/** Ids that a cause keeps: it travels in a job. */
export const mostIds = 50;

export function causeText(cause: Cause): string {
  switch (cause.kind) {
    case 'base-moved':
      return `${cause.base} moved to ${short(cause.to)}`;
    case 'fix-available': {
      const more = cause.ids.length - 3;
      return `fix of ${cause.ids.slice(0, 3).join(', ')}${more > 0 ? ` and ${more} more` : ''} became available in ${cause.base}`;
    }
    case 'too-old':
      return `${cause.reference} is older than ${cause.maxAge}`;
    case 'again':
      return `${cause.base} is tried again: ${cause.text}`;
    case 'asked':
      return `asked for by ${cause.by}`;
  }
}

/** Everything that stands on the base is meant; any other cause means some images, beside those that follow already. */
export function isWhole(cause: Cause): boolean {
  return cause.kind === 'base-moved' || (cause.kind === 'asked' && cause.reference === undefined);
}

/** The same for the same cause, whatever was found out since. */
export function causeKey(cause: Cause): string {
  const { kind, base, to } = cause;
  const more =
    cause.kind === 'too-old'
      ? `${cause.reference} ${cause.due}`
      : cause.kind === 'again'
        ? `${cause.change} ${cause.id}`
        : cause.kind === 'asked'
          ? (cause.reference ?? '')
          : '';
  return `${kind} ${base} ${to} ${more}`.trim();
}

/** `30d`, `12h`, `90s`: ms as people write spans. */
export function spanText(ms: number): string {
  const [unit, size] = (
    [
      ['d', 86_400_000],
      ['h', 3_600_000],
      ['m', 60_000],
    ] as const
  ).find(([, one]) => ms % one === 0) ?? ['s', 1000];
  return `${Math.round(ms / size)}${unit}`;
}

/** The first twelve digits, as people read digests. */
export function short(digest: string): string {
  return digest.slice(0, digest.indexOf(':') + 13);
}
