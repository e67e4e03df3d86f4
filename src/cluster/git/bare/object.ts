// An object of a repository: its type, bytes and id (gitformat-pack, gitrepository-layout), of bounded size.
import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { GitFault } from '../fault.ts';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export interface GitObject {
  type: ObjectType;
  bytes: Buffer;
}

/** Bytes of one object, headers included. */
export const objectBytes = 64 << 20;

/** Bytes behind the end of the stream are left alone. Throws GitFault. */
export function inflated(id: string, bytes: Buffer, most: number): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: Math.max(most, 1) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(id);
    throw damaged(id, 'bytes that cannot be inflated');
  }
}

export function headerOf({ type, bytes }: GitObject): Buffer {
  return Buffer.from(`${type} ${bytes.length}\0`);
}

export function idOf(object: GitObject): string {
  return createHash('sha1').update(headerOf(object)).update(object.bytes).digest('hex');
}

export function damaged(id: string, found: string): GitFault {
  return new GitFault('git-failed', `expected the object ${id} in the repository, got ${found}`, {
    hint: 'See what `git fsck` says of the repository.',
  });
}

export function tooLarge(id: string): GitFault {
  return new GitFault('git-limit', `expected at most ${objectBytes} bytes as the object ${id}, got more`);
}
