// A Fault is an error that someone outside the program can act on: it has a stable code, says what was
// expected and what was found, and what to do next. Everything else that is thrown is a bug.

export interface FaultDetails {
  /** What the reader should do next, one sentence, as a command where one exists. */
  hint?: string;
  cause?: unknown;
}

/** Base of every room's own fault class; `Code` is that room's closed union of codes. */
export abstract class Fault<Code extends string = string> extends Error {
  readonly code: Code;
  readonly hint: string | undefined;

  constructor(code: Code, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
  }

  override get name(): string {
    return this.constructor.name;
  }
}

export function isFault(error: unknown): error is Fault {
  return error instanceof Fault;
}

/** The message of anything that was thrown, for a sentence that quotes it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
