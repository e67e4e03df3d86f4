// What a proof is: one thing that must hold for an image to stand on another base, and who may answer for it.

/** In the order in which they are looked at; docs/decisions/0006-rebase.md says why each, and which may be waived. */
export const proofNames = [
  'base',
  'platform',
  'layers',
  'evidence',
  'distribution',
  'forward',
  'libc',
  'libraries',
  'runtime',
  'databases',
  'linker',
  'packages',
  'removals',
  'overwrites',
  'consent',
] as const;

export type ProofName = (typeof proofNames)[number];

export type Holds = 'yes' | 'no' | 'unknown';

export interface Proof {
  name: ProofName;
  /** Unknown is never yes. */
  holds: Holds;
  /** What was found, one sentence without a full stop. */
  text: string;
  /** Packages, files or libraries it speaks of. */
  detail?: string[];
  /** It does not hold by itself; the image's author answers for it. */
  waived?: 'author';
}

/** Proofs that the author of an image may answer for: what they know and the files do not tell. */
const waivable: ReadonlySet<ProofName> = new Set(['packages', 'removals', 'overwrites']);

export function isWaivable(name: ProofName): boolean {
  return waivable.has(name);
}

/** True only when every proof holds or was waived by who may; an incomplete list proves nothing. */
export function isProven(proofs: readonly Proof[]): boolean {
  return proofNames.every((name) => {
    const found = proofs.filter((proof) => proof.name === name);
    return (
      found.length > 0 &&
      found.every(({ holds, waived }) => holds === 'yes' || (waived !== undefined && waivable.has(name)))
    );
  });
}

/** The first proof in the way; undefined when there is none. */
export function failedProof(proofs: readonly Proof[]): Proof | undefined {
  return proofs.find(({ name, holds, waived }) => holds !== 'yes' && !(waived && waivable.has(name)));
}

const mostDetail = 20;

export function proof(name: ProofName, holds: Holds, text: string, detail: readonly string[] = []): Proof {
  if (detail.length === 0) return { name, holds, text };
  const shown = detail.slice(0, mostDetail);
  if (detail.length > mostDetail) shown.push(`and ${detail.length - mostDetail} more`);
  return { name, holds, text, detail: shown };
}
