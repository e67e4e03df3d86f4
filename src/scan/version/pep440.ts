// Python's order (PEP 440, "Summary of permitted suffixes and relative ordering"), as pip's `packaging` applies it.
import { compareDigits, compareText, withoutZeros } from './digits.ts';
import type { VersionOrder } from './order.ts';

interface Pep440Version {
  epoch: string;
  /** Without trailing zeros. */
  release: string[];
  /** Rank of what follows the release: dev alone, a, b, rc, nothing. */
  stage: number;
  stageNumber: string;
  /** Undefined: no post-release, which sorts before any. */
  post: string | undefined;
  /** Undefined: no development release, which sorts after any. */
  dev: string | undefined;
  local: string[] | undefined;
}

const stages: Readonly<Record<string, number>> = {
  a: 1,
  alpha: 1,
  b: 2,
  beta: 2,
  c: 3,
  rc: 3,
  pre: 3,
  preview: 3,
};
const devOnly = 0;
const final = 4;

/** PEP 440 appendix B, with its alternative spellings; versions from before PEP 440 are refused, as `packaging` does. */
const shape =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d+)?)?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d+)?)?(?:[-_.]?(dev)[-_.]?(\d+)?)?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$/;

export const pep440: VersionOrder<Pep440Version> = {
  name: 'pep440',
  parse(text) {
    // Only ASCII lower-case is meant: other letters do not become ones of the grammar.
    const match = shape.exec(text.trim().replace(/[A-Z]+/g, (letters) => letters.toLowerCase()));
    if (match === null) return undefined;
    const [, epoch, release, stage, stageNumber, implicit, post, postNumber, dev, devNumber, local] = match;
    const version: Pep440Version = {
      epoch: epoch ?? '',
      release: trimmed(release!.split('.')),
      stage: stage === undefined ? final : stages[stage]!,
      stageNumber: stageNumber ?? '',
      post: implicit ?? (post === undefined ? undefined : (postNumber ?? '')),
      dev: dev === undefined ? undefined : (devNumber ?? ''),
      local: local?.split(/[-_.]/),
    };
    if (stage === undefined && version.post === undefined && version.dev !== undefined)
      version.stage = devOnly;
    return version;
  },
  compare(a, b) {
    return (
      compareDigits(a.epoch, b.epoch) ||
      compareReleases(a.release, b.release) ||
      a.stage - b.stage ||
      compareDigits(a.stageNumber, b.stageNumber) ||
      compareOptional(a.post, b.post, -1) ||
      compareOptional(a.dev, b.dev, 1) ||
      compareLocals(a.local, b.local)
    );
  },
};

function trimmed(release: string[]): string[] {
  while (release.length > 1 && withoutZeros(release.at(-1)!) === '') release.pop();
  return release;
}

function compareReleases(a: string[], b: string[]): number {
  for (let n = 0; n < a.length || n < b.length; n++) {
    const order = compareDigits(a[n] ?? '', b[n] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** `missing` says where an absent part sorts: before (-1) or after (1) any present one. */
function compareOptional(a: string | undefined, b: string | undefined, missing: number): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? missing : -missing;
  return compareDigits(a, b);
}

/** Numbers after words; the longer one after its own beginning; none at all before any. */
function compareLocals(a: string[] | undefined, b: string[] | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  for (let n = 0; n < a.length && n < b.length; n++) {
    const leftNumber = /^\d+$/.test(a[n]!);
    const rightNumber = /^\d+$/.test(b[n]!);
    if (leftNumber !== rightNumber) return leftNumber ? 1 : -1;
    const order = (leftNumber ? compareDigits : compareText)(a[n]!, b[n]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
