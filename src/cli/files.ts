// Files that a command reads and writes.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '../core/index.ts';
import { CliFault } from './fault.ts';

/** To the file, whole or not at all, or to standard output. Throws CliFault `output-unwritable`. */
export async function writeOutput(text: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(text, (error) =>
        error && (error as NodeJS.ErrnoException).code !== 'EPIPE' ? reject(error) : resolve(),
      );
    });
    return;
  }
  const beside = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw new CliFault('output-unwritable', `expected to write ${file}, got ${messageOf(cause)}`, { cause });
  }
}

/** Throws CliFault `file-unreadable`. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliFault('file-unreadable', `expected to read ${file}, got ${messageOf(cause)}`, { cause });
  }
}
