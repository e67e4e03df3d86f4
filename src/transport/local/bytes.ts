// Small documents and their places in files and archives, read with a bound.
import { open, stat } from 'node:fs/promises';
import { defaultLimits, messageOf } from '../../core/index.ts';
import { LocalFault } from './fault.ts';

/** Where the bytes of one named thing lie. */
export interface Place {
  path: string;
  offset: number;
  /** Bytes. */
  length: number;
}

/** The bytes at a place. Throws LocalFault `target-unreadable` when they are more than `limit` or not there. */
export async function readPlace(place: Place, limit: number = defaultLimits.manifestBytes): Promise<Buffer> {
  if (place.length > limit)
    throw new LocalFault(
      'target-unreadable',
      `expected a document of at most ${limit} bytes in ${place.path}, got ${place.length}`,
    );
  const bytes = Buffer.alloc(place.length);
  try {
    await using file = await open(place.path, 'r');
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, place.offset + at);
      if (bytesRead === 0) throw new Error(`the end of the file after ${at} of ${bytes.length} bytes`);
      at += bytesRead;
    }
    return bytes;
  } catch (cause) {
    throw unreadable(place.path, cause);
  }
}

export function unreadable(path: string, cause: unknown): LocalFault {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new LocalFault('target-not-found', `expected a file or directory at ${path}, got nothing there`, {
      cause,
    });
  return new LocalFault('target-unreadable', `expected to read ${path}, got: ${messageOf(cause)}`, {
    cause,
  });
}

/** What lies at a path; undefined when nothing does. Throws LocalFault `target-unreadable`. */
export async function kindOf(path: string): Promise<'file' | 'directory' | 'other' | undefined> {
  try {
    const found = await stat(path);
    if (found.isFile()) return 'file';
    return found.isDirectory() ? 'directory' : 'other';
  } catch (cause) {
    const fault = unreadable(path, cause);
    // a name longer than the file system allows is no path either
    if (fault.code === 'target-not-found' || (cause as NodeJS.ErrnoException).code === 'ENAMETOOLONG')
      return undefined;
    throw fault;
  }
}
