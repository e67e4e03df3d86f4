// The transaction that the running code is in: how it was begun, what failed in it, what follows once it is committed.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Isolation } from './engine.ts';
import type { OwnLedger } from './own.ts';

export interface Writing {
  readonly ledger: OwnLedger;
  readonly isolation: Isolation;
  /** No other transaction may write beside it. */
  readonly alone: boolean;
  isOpen: boolean;
  /** Of the jobs that workers will be woken for. */
  readonly kinds: Set<string>;
  /** The first statement that failed: nothing after it counts, whatever became of the error. */
  failure?: unknown;
  readonly after: (() => unknown)[];
}

const current = new AsyncLocalStorage<Writing>();

export function runWriting<R>(writing: Writing, work: () => Promise<R>): Promise<R> {
  return current.run(writing, work);
}

/** The open transaction around the caller, if any. */
export function openWriting(): Writing | undefined {
  const writing = current.getStore();
  return writing?.isOpen ? writing : undefined;
}

/** The open transaction around the caller, which must be there. */
export function writingOf(): Writing {
  const writing = openWriting();
  if (writing === undefined)
    throw new Error('expected to be inside of Ledger.write, got a call from outside');
  return writing;
}

/**
 * Runs (and awaits) `hook` once the transaction around the caller is committed, never when it is not, and before the write resolves.
 * It must neither throw nor reject.
 */
export function afterCommit(hook: () => unknown): void {
  writingOf().after.push(hook);
}

/** Runs what belongs to no transaction, such as a worker that one of them woke. */
export function outsideOfWriting<R>(work: () => R): R {
  return current.exit(work);
}
