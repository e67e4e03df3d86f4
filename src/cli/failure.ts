// What a command that could not do its work says, and the codes every command ends with.
import { isFault, messageOf } from '../core/index.ts';

export const exitCodes = {
  /** Done, and nothing at or above the threshold. */
  done: 0,
  /** Findings at or above the threshold, or denied. */
  failed: 1,
  /** Wrong usage, a target that cannot be opened, a digest that is wrong. */
  usage: 2,
  /** Undecided, or the target is partly unreadable. */
  undecided: 3,
  /** Ctrl-C: 128 and the signal's number, as shells say it. */
  stopped: 130,
} as const;

/** Says what happened and what to do; returns the exit code. */
export function report(error: unknown, to: { write(text: string): unknown }): number {
  if (isStop(error)) return exitCodes.stopped;
  if (isFault(error)) {
    to.write(`seaworthy: ${error.message}\n`);
    if (error.hint) to.write(`  ${error.hint}\n`);
    to.write(`  (${error.code})\n`);
    return exitCodes.usage;
  }
  to.write(
    `seaworthy: this is a bug, please report it: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}\n`,
  );
  return exitCodes.usage;
}

/** Somebody pressed Ctrl-C: nothing to report, wherever it was noticed. */
function isStop(error: unknown): boolean {
  return isFault(error) ? error.code === 'aborted' : error instanceof Error && error.name === 'AbortError';
}
