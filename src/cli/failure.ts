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
} as const;

/** Says what happened and what to do; returns the exit code. */
export function report(error: unknown, to: { write(text: string): unknown }): number {
  if (isFault(error)) {
    to.write(`seaworthy: ${error.message}\n`);
    if (error.hint) to.write(`  ${error.hint}\n`);
    to.write(`  (${error.code})\n`);
    return exitCodes.usage;
  }
  if (error instanceof Error && error.name === 'AbortError') return 130;
  to.write(
    `seaworthy: this is a bug, please report it: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}\n`,
  );
  return exitCodes.usage;
}
