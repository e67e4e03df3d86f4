// What `seaworthy lineage` prints: a tree of bases, each with its digest and how it is known.
import type { Claim, FoundBase, Looked } from '../lineage/index.ts';

export function formatLineage(looked: Looked): string {
  const lines = [
    looked.reference,
    `  ${looked.digest}  ${looked.platform}, ${count(looked.layers, 'layer')}`,
  ];
  below(looked, '', lines);
  const problems = [...new Set(problemsOf(looked))];
  if (problems.length > 0) lines.push('', 'could not be read:', ...problems.map((text) => `  ${text}`));
  return `${lines.map(printable).join('\n')}\n`;
}

function below(looked: Looked, indent: string, lines: string[]): void {
  const { lineage } = looked;
  const deeper = `${indent}   `;
  if (lineage.kind === 'unknown') lines.push(`${indent}└─ base unknown: ${lineage.why}`);
  else if (lineage.kind === 'ambiguous') {
    lines.push(
      `${indent}└─ base ambiguous: the layers are those of each of these, and nothing tells them apart`,
    );
    for (const candidate of lineage.candidates)
      lines.push(...baseLines(candidate, looked.layers, deeper, '• '));
    lines.push(
      `${deeper}say which with the annotation org.opencontainers.image.base.name, or give its Dockerfile`,
    );
  } else lines.push(...baseLines(lineage, looked.layers, indent, '└─ '));
  if (looked.moved !== undefined) lines.push(`${deeper}the tag has moved on to ${looked.moved}`);
  for (const claim of lineage.claims) {
    const text = claimText(claim);
    const isSaid = lineage.kind === 'unknown' && lineage.why.includes(claim.reference ?? claim.digest ?? ' ');
    if (text !== undefined && !isSaid) lines.push(`${deeper}! ${text}`);
  }
  if (looked.base !== undefined) below(looked.base, deeper, lines);
}

function baseLines(base: FoundBase, layers: number, indent: string, mark: string): string[] {
  const [first = base.platformDigest, ...others] = base.references;
  const space = ' '.repeat(mark.length);
  return [
    `${indent}${mark}${first}`,
    ...(others.length > 0
      ? [`${indent}${space}also ${others.slice(0, 5).join(', ')}${others.length > 5 ? ', …' : ''}`]
      : []),
    `${indent}${space}${base.platformDigest}  ${base.layers} of ${count(layers, 'layer')}, by ${told(base)}`,
  ];
}

function told({ by }: FoundBase): string {
  const claims = by.filter((one) => one !== 'layers');
  return claims.length === 0 ? 'its layers alone' : `${claims.join(', ')} and its layers`;
}

/** What contradicts, or could not be proven; images that only a build used are no claim of a base. */
function claimText({ by, reference, digest, state }: Claim): string | undefined {
  const name = reference ?? digest ?? 'a base';
  if (by === 'provenance' && state !== 'proven') return undefined;
  if (state === 'disproven')
    return `the ${by} names ${name}, whose layers are not the lowest: not proven, not believed`;
  if (state === 'unseen') return `the ${by} names ${name}, whose layers nobody has seen`;
  return undefined;
}

function problemsOf(looked: Looked): string[] {
  return [...looked.problems, ...(looked.base === undefined ? [] : problemsOf(looked.base))];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** Names come from strangers: no terminal sequence survives. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\u2027\u2030-\ud7ff\ue000-\ufefe]/g, '?');
}
