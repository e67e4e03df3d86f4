// seaworthy lineage --server: what a server knows of an image, also what stands on it; no registry is asked from here.
import type { ApiBase, ApiClaim, ApiLineage, ApiLineagePlatform } from '../server/contract/index.ts';

const mostShown = 40;

export function formatServerLineage(answer: ApiLineage): string {
  const lines = [answer.image];
  for (const platform of answer.platforms) lines.push(...platformLines(platform));
  lines.push('', ...dependentLines(answer));
  if (answer.circle.length > 0)
    lines.push(
      '',
      `${count(answer.circle.length, 'manifest')} stand on each other in a circle: not believed`,
    );
  return `${lines.map(printable).join('\n')}\n`;
}

/** Whether the base of every platform is known. */
export function isWhollyKnown({ platforms }: ApiLineage): boolean {
  return platforms.every(({ state }) => state === 'base');
}

function platformLines(one: ApiLineagePlatform): string[] {
  const lines = [`  ${one.platformDigest}  ${one.platform}, ${count(one.layers, 'layer')}`];
  let indent = '';
  let above = one.layers;
  for (const base of one.bases) {
    lines.push(...baseLines(base, above, indent, '└─ '));
    above = base.layers;
    indent += '   ';
  }
  if (one.state === 'ambiguous')
    lines.push(
      '└─ base ambiguous: the layers are those of each of these, and nothing tells them apart',
      ...one.candidates.flatMap((base) => baseLines(base, one.layers, '   ', '• ')),
      '   say which with the annotation org.opencontainers.image.base.name',
    );
  else if (one.state === 'unknown')
    lines.push(
      `└─ base unknown: ${one.why ?? 'nobody looked'}`,
      ...one.candidates.flatMap((base) => baseLines(base, one.layers, '   ', '• ')),
    );
  for (const claim of one.claims) {
    const text = claimText(claim);
    const isSaid = one.why?.includes(claim.reference ?? claim.digest ?? ' ');
    if (text !== undefined && !isSaid) lines.push(`   ! ${text}`);
  }
  return lines;
}

function baseLines(base: ApiBase, layers: number, indent: string, mark: string): string[] {
  const [first = base.platformDigest, ...others] = base.references;
  const space = ' '.repeat(mark.length);
  const told = base.by.filter((one) => one !== 'layers');
  const by = told.length === 0 ? 'its layers alone' : `${told.join(', ')} and its layers`;
  return [
    `${indent}${mark}${first}`,
    ...(others.length > 0
      ? [`${indent}${space}also ${others.slice(0, 5).join(', ')}${others.length > 5 ? ', …' : ''}`]
      : []),
    `${indent}${space}${base.platformDigest}  ${base.layers} of ${count(layers, 'layer')}, by ${by}`,
  ];
}

function claimText({ by, reference, digest, state }: ApiClaim): string | undefined {
  const name = reference ?? digest ?? 'a base';
  if (state === 'disproven')
    return `the ${by} names ${name}, whose layers are not the lowest: not proven, not believed`;
  return state === 'unseen' ? `the ${by} names ${name}, whose layers nobody has seen` : undefined;
}

function dependentLines({ dependents, more, platforms }: ApiLineage): string[] {
  const names = new Map(dependents.map((one) => [one.reference, one]));
  if (names.size === 0) return ['nothing that the server watches stands on it'];
  const many = platforms.length > 1;
  const shown = [...names.values()].slice(0, mostShown).map(({ reference, level, isCurrent }) => {
    const on = many || isCurrent !== false ? '' : ', on an earlier digest of it';
    return `  ${'  '.repeat(level - 1)}${reference}${on}`;
  });
  const left = names.size - shown.length;
  return [
    `${count(names.size, 'name')} on it:`,
    ...shown,
    ...(left + more > 0
      ? [`  and ${left + more} more: --json has ${more > 0 ? 'the first 1000' : 'all'}`]
      : []),
  ];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** Names come from strangers: no terminal sequence survives. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\u2027\u2030-\ud7ff\ue000-\ufefe]/g, '?');
}
