// Where tests keep what they throw away: in memory where the machine offers it, since a test's database is synced often.
import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const memory = '/dev/shm';
/** Containers often offer 64 MiB, which a few test databases fill. */
const enough = 1 << 30;

export function throwAwayPlace(): string {
  if (process.env['TMPDIR'] !== undefined) return tmpdir();
  try {
    accessSync(memory, constants.W_OK);
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize >= enough ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}
