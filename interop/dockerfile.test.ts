// Dockerfiles read by BuildKit itself (frontend/dockerfile/dockerfile2llb) and by us: the last base and every image that
// a build asks for are the same, or both refuse.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { formatReference, parseReference, withDefaultTag } from '../src/image/index.ts';
import { type DockerfileBases, parseDockerfile } from '../src/lineage/index.ts';
import { type DockerfileCase, dockerfiles } from './dockerfiles.ts';
import { bin } from './peers.ts';

interface Answer {
  error?: string;
  base?: string;
  images?: string[];
}

function peer(cases: readonly DockerfileCase[]): Answer[] {
  const input = JSON.stringify(cases.map((one) => ({ platform: 'linux/amd64', ...one })));
  return JSON.parse(
    execFileSync(join(bin, 'dockerfile-peer'), { input, encoding: 'utf8', maxBuffer: 1 << 28 }),
  );
}

/** As BuildKit names what it asks for. */
function whole(reference: string): string {
  return formatReference(withDefaultTag(parseReference(reference)));
}

function ours({ text, args, target, platform = 'linux/amd64' }: DockerfileCase): Answer {
  let read: DockerfileBases;
  try {
    read = parseDockerfile(text, { ...(args ? { args } : {}), ...(target ? { target } : {}), platform });
  } catch (error) {
    return { error: (error as Error).message };
  }
  const sources = read.stages.filter(({ isBuilt }) => isBuilt).flatMap(({ base, uses }) => [base, ...uses]);
  // BuildKit looks at every stage, built or not
  const all = read.stages.flatMap(({ base, uses }) => [base, ...uses]);
  if (all.some(({ kind }) => kind === 'undecided')) return { error: 'undecided' };
  if (read.base.kind === 'undecided') return { error: 'undecided' };
  try {
    const images = sources.flatMap((source) => (source.kind === 'image' ? [whole(source.reference)] : []));
    return {
      base: read.base.kind === 'scratch' ? 'scratch' : whole(read.base.reference),
      images: [...new Set(images)].sort(),
    };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** An argument before the first FROM that has no value. */
function hasOpenArgument({ text, args = {} }: DockerfileCase): boolean {
  const before = text.split(/^\s*FROM/im)[0] ?? '';
  return [...before.matchAll(/^\s*ARG\s+(\w+)\s*$/gim)].some(([, name]) => !Object.hasOwn(args, name!));
}

test('BuildKit and Seaworthy find the same bases', (t) => {
  const answers = peer(dockerfiles);
  let refused = 0;
  let open = 0;
  const differences: string[] = [];
  dockerfiles.forEach((one, at) => {
    const theirs = answers[at]!;
    const mine = ours(one);
    if (theirs.error !== undefined) {
      refused++;
      // what BuildKit refuses for a reason that has nothing to do with bases may be read here; never to another base
      if (mine.error === undefined && one.lenient !== true && !/^\d+$/.test(one.target ?? ''))
        differences.push(`${one.text}\n  BuildKit: ${theirs.error}\n  ours: ${JSON.stringify(mine)}`);
      return;
    }
    // BuildKit takes an argument without a value for nothing; somebody may have given it one
    if (mine.error === 'undecided' && hasOpenArgument(one)) {
      open++;
      return;
    }
    const images = (theirs.images ?? []).map(whole).sort();
    const expected = { base: theirs.base === 'scratch' ? 'scratch' : whole(theirs.base!), images };
    try {
      assert.deepEqual(mine, expected);
    } catch {
      differences.push(
        `${one.text}\n  BuildKit: ${JSON.stringify(expected)}\n  ours: ${JSON.stringify(mine)}`,
      );
    }
  });
  t.diagnostic(
    `${dockerfiles.length} Dockerfiles, ${refused} of them refused by both, ${open} with an argument that nobody gave a value`,
  );
  assert.equal(differences.length, 0, differences.slice(0, 12).join('\n---\n'));
});
