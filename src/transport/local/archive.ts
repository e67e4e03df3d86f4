// An archive that holds an image: opened once, indexed once, its layers read where they lie.
import { open, stat } from 'node:fs/promises';
import type { Home } from '../../core/index.ts';
import { archiveLayout, type Layout } from './blobs.ts';
import { unreadable } from './bytes.ts';
import { plainFile } from './inflate.ts';
import { indexTar } from './tarindex.ts';

export interface OpenArchive {
  layout: Layout;
  close(): Promise<void>;
}

/** Opens a tar archive, plain or in gzip or zstd. Throws LocalFault, ImageFault `tar-corrupt`. */
export async function openArchive(path: string, home: Home): Promise<OpenArchive> {
  const plain = await plainFile(path, home);
  try {
    await using file = await open(plain.path, 'r');
    const { size } = await stat(plain.path);
    return { layout: archiveLayout(path, plain.path, await indexTar(file, size)), close: plain.remove };
  } catch (error) {
    await plain.remove();
    throw (error as NodeJS.ErrnoException).syscall === undefined ? error : unreadable(path, error);
  }
}
