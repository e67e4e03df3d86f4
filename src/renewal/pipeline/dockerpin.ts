// A Dockerfile that is to build on exactly one digest: every FROM of the base is pinned, or it is said why not.
import { parseReference } from '../../image/index.ts';
import { type DockerfileBases, parseDockerfile } from '../../lineage/index.ts';
import { PipelineFault } from './fault.ts';
import type { BuildRequest } from './pipeline.ts';

export interface PinOptions {
  args?: Readonly<Record<string, string>>;
  target?: string;
}

export interface PinnedDockerfile {
  text: string;
  /** Every image that the target is built from, the base pinned. */
  images: string[];
  /** Some stage that runs commands on the platform which is built for, not on the machine's own. */
  runsCommands: boolean;
  /** Instructions that an image in OCI's form does not carry. */
  needsDockerFormat: boolean;
}

/** `FROM`, its flags, the image, the rest. */
const from = /^(\s*FROM\s+(?:--\S+\s+)*)(\S+)(.*)$/is;

/**
 * Throws PipelineFault `build-base-unknown` when the target does not stand on the base that was renewed: an image on
 * another base would be a build of something else. Throws LineageFault for a Dockerfile that cannot be read.
 */
export function pinDockerfile(
  text: string,
  base: BuildRequest['base'],
  options: PinOptions = {},
): PinnedDockerfile {
  const parsed = parseDockerfile(text, options);
  checkBase(parsed, base);
  const pinned = `${base.image}@${base.digest}`;
  const lines = text.split('\n');
  const images = new Set<string>();
  for (const stage of parsed.stages) {
    if (!stage.isBuilt) continue;
    for (const used of stage.uses) if (used.kind === 'image') images.add(used.reference);
    if (stage.base.kind !== 'image') continue;
    if (!isSame(stage.base.reference, base)) {
      images.add(stage.base.reference);
      continue;
    }
    images.add(pinned);
    const match = from.exec(lines[stage.line - 1] ?? '');
    if (match === null || match[2] === '\\' || match[2] === '`' || match[2]!.startsWith('--'))
      throw baseUnknown(`FROM and its image on one line (line ${stage.line})`, 'it on several');
    lines[stage.line - 1] = `${match[1]}${pinned}${match[3]}`;
  }
  return {
    text: lines.join('\n'),
    images: [...images],
    runsCommands: runsCommands(parsed, lines),
    needsDockerFormat: lines.some((line) => /^\s*(?:HEALTHCHECK|SHELL|ONBUILD)\s/i.test(line)),
  };
}

function checkBase({ base: found }: DockerfileBases, base: BuildRequest['base']): void {
  const wanted = `FROM ${base.image}:${base.tag} in the stage that is built`;
  if (found.kind === 'scratch') throw baseUnknown(wanted, 'scratch');
  if (found.kind === 'undecided')
    throw baseUnknown(
      wanted,
      found.missing.length > 0 ? `${found.text} without a value for ${found.missing.join(', ')}` : found.text,
    );
  if (!isSame(found.reference, base)) throw baseUnknown(wanted, found.reference);
}

/** The same repository, and the same tag unless only a digest is named. */
function isSame(reference: string, base: BuildRequest['base']): boolean {
  const one = parseReference(reference);
  const other = parseReference(base.image);
  if (one.domain !== other.domain || one.repository !== other.repository) return false;
  if (one.tag === undefined && one.digest !== undefined) return true;
  return (one.tag ?? 'latest') === base.tag;
}

function baseUnknown(expected: string, got: string): PipelineFault {
  return new PipelineFault('build-base-unknown', `expected ${expected}, got ${got.slice(0, 200)}`, {
    hint: 'seaworthy lineage IMAGE says what the image stands on; name that in FROM, or give args and target.',
  });
}

/** By the lines between two FROM: a here-document that speaks of RUN counts too, which only asks for more. */
function runsCommands({ stages }: DockerfileBases, lines: readonly string[]): boolean {
  return stages.some(
    (stage, at) =>
      stage.isBuilt &&
      !/\$\{?BUILDPLATFORM\}?/.test(lines[stage.line - 1]!) &&
      lines
        .slice(stage.line, (stages[at + 1]?.line ?? lines.length + 1) - 1)
        .some((line) => /^\s*RUN\s/i.test(line)),
  );
}
