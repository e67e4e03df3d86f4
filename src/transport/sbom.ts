// Tells an SBOM file from an archive by its first byte that is not white space.
import { open } from 'node:fs/promises';

/** Whether a file starts as a JSON object does; what is in it is for its reader to say. */
export async function isSbomFile(path: string): Promise<boolean> {
  const head = Buffer.alloc(256);
  await using file = await open(path, 'r');
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  return /^(?:\xef\xbb\xbf)?\s*\{/.test(head.toString('latin1', 0, bytesRead));
}
