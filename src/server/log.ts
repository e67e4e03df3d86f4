// Structured logs: a line of JSON each, for whoever runs the agent.
import { type Logger, pino } from 'pino';
import { isFault } from '../core/index.ts';

export type { Logger };

export function createLog(level = 'info', to: { write(text: string): unknown } = process.stdout): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: errorText },
    },
    to as Parameters<typeof pino>[1],
  );
}

/** A fault says what it is; anything else is a bug, and its stack is what helps. */
function errorText(error: unknown): unknown {
  if (isFault(error))
    return {
      code: error.code,
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    };
  return error instanceof Error ? { bug: error.stack ?? error.message } : { bug: String(error) };
}
