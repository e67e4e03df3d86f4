// Names of a repository (refs): a file each or a line of packed-refs; moved under a lock, as git itself moves them.
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { GitFault } from '../fault.ts';

const lockTries = 50;
const lockWait = 20;
const packedBytes = 64 << 20;

/** What stands in the file or line of a name: an id, or `ref: NAME`. */
export function readName(root: string, name: string): string | undefined {
  if (!isName(name)) return undefined;
  const file = join(root, name);
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found?.isFile() && found.size < 4096) return readFileSync(file, 'utf8').trim();
  return packed(root).get(name);
}

/** The id that a name stands for, through others. */
export function resolveName(root: string, name: string): string | undefined {
  let text = readName(root, name);
  for (let depth = 0; depth < 5 && text?.startsWith('ref: '); depth++) text = readName(root, text.slice(5));
  return text !== undefined && /^[0-9a-f]{40}$/.test(text) ? text : undefined;
}

/** Throws GitFault where the name stands for something else than `from`, or somebody else holds it. */
export async function moveName(
  root: string,
  name: string,
  to: string,
  from: string | undefined,
): Promise<void> {
  const file = join(root, name);
  const refuse = (got: string) =>
    new GitFault('git-failed', `expected ${name} at ${from ?? 'no commit'}, got ${got}`, {
      hint: 'Somebody else moves it: run the same again.',
    });
  if (!isName(name)) throw refuse('a name that git does not take');
  const others = packed(root);
  for (const other of others.keys())
    if (other.startsWith(`${name}/`) || name.startsWith(`${other}/`))
      throw refuse(`the name ${other} in its way`);
  const lock = await locked(`${file}.lock`, refuse);
  try {
    const stands = resolveName(root, name);
    if (stands !== from) throw refuse(stands ?? 'none');
    writeSync(lock, `${to}\n`);
    fsyncSync(lock);
    // git leaves empty directories where names were; one that is not empty is a name in the way
    if (lstatSync(file, { throwIfNoEntry: false })?.isDirectory()) rmdirSync(file);
    renameSync(`${file}.lock`, file);
  } catch (error) {
    rmSync(`${file}.lock`, { force: true });
    throw error instanceof GitFault ? error : refuse((error as Error).message);
  } finally {
    closeSync(lock);
  }
}

async function locked(file: string, refuse: (got: string) => GitFault): Promise<number> {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw refuse((error as Error).message);
  }
  for (let tried = 1; ; tried++)
    try {
      return openSync(file, 'wx', 0o644);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' || tried >= lockTries)
        throw refuse(code === 'EEXIST' ? `a lock that nobody lets go: ${file}` : message);
      await wait(lockWait);
    }
}

function packed(root: string): Map<string, string> {
  const file = join(root, 'packed-refs');
  const size = lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > packedBytes)
    throw new GitFault('git-limit', `expected at most ${packedBytes} bytes of packed-refs, got ${size}`);
  const text = size === 0 ? '' : readFileSync(file, 'utf8');
  return new Map([...text.matchAll(/^([0-9a-f]{40}) (\S+)$/gm)].map(([, id, name]) => [name!, id!]));
}

/** HEAD, or a name below `refs/` that leads nowhere else. */
function isName(name: string): boolean {
  return (
    name === 'HEAD' ||
    (/^refs(?:\/[^\s/.~^:?*[\\\0-\x1f\x7f][^\s/~^:?*[\\\0-\x1f\x7f]*)+$/.test(name) &&
      !/\.\.|@\{|\.lock(?:\/|$)|\.(?:\/|$)/.test(name))
  );
}
