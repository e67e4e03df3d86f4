// A store of blobs on disk: an OCI layout's directory, or one inside an archive.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDigest } from '../../image/index.ts';
import { type Place, unreadable } from './bytes.ts';
import { LocalFault } from './fault.ts';
import type { TarIndex } from './tarindex.ts';

/** Finds files by their path in an image layout (image-spec image-layout.md). */
export interface Layout {
  /** How the layout is named in messages. */
  name: string;
  /** The place of a file of the layout; undefined when there is none. */
  find(path: string): Promise<Place | undefined>;
}

export function directoryLayout(root: string): Layout {
  return {
    name: root,
    async find(path) {
      const at = join(root, path);
      try {
        const found = await stat(at);
        return found.isFile() ? { path: at, offset: 0, length: found.size } : undefined;
      } catch (cause) {
        const code = (cause as NodeJS.ErrnoException).code;
        if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
        throw unreadable(at, cause);
      }
    },
  };
}

export function archiveLayout(name: string, file: string, index: TarIndex): Layout {
  return {
    name,
    async find(path) {
      const member = index.find(path);
      return member === undefined ? undefined : { path: file, offset: member.offset, length: member.size };
    },
  };
}

/** The place of a blob. Throws LocalFault `layout-invalid` when it is missing or has another size. */
export async function findBlob(layout: Layout, digest: string, size?: number): Promise<Place> {
  const { algorithm, hex } = parseDigest(digest);
  const place = await layout.find(`blobs/${algorithm}/${hex}`);
  if (place === undefined)
    throw new LocalFault('layout-invalid', `expected blob ${digest} in ${layout.name}, got none`, {
      hint: 'The layout was copied in part: copy the image again with all its blobs.',
    });
  if (size !== undefined && place.length !== size)
    throw new LocalFault(
      'layout-invalid',
      `expected blob ${digest} to have ${size} bytes, got ${place.length}`,
    );
  return place;
}
