// What runs as a smoke test is noted in a file, so that whoever comes after a crash ends it before the same runs again.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Variable that a smoke test and all that it starts carry: a number alone may be another's by now. */
export const markName = 'SEAWORTHY_TRIAL';

export function mark(directory: string, id: string, pid: number): void {
  writeFileSync(fileOf(directory, id), String(pid), { mode: 0o600 });
}

export function forget(directory: string, id: string): void {
  rmSync(fileOf(directory, id), { force: true });
}

export function endOrphan(directory: string, id: string): void {
  const pid = readText(fileOf(directory, id));
  if (pid === undefined || !/^[1-9]\d{0,9}$/.test(pid)) return;
  const isOurs = readText(`/proc/${pid}/environ`)?.split('\0').includes(`${markName}=${id}`) === true;
  try {
    if (isOurs) process.kill(-Number(pid), 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  forget(directory, id);
}

/** The id itself never becomes a path. */
function fileOf(directory: string, id: string): string {
  return join(directory, `${createHash('sha256').update(id).digest('hex').slice(0, 32)}.pid`);
}

/** Undefined: not there, or not ours to read. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
