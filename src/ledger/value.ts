// What may be bound to a statement, the same on both databases: what only one of them takes is refused on both.
import { defaultLimits } from '../core/index.ts';
import { LedgerFault } from './fault.ts';

export type Value = null | number | string | Uint8Array;

/** Booleans become 0 and 1; the rest is taken as it is or refused. */
export function bindable(value: unknown): Value {
  switch (typeof value) {
    case 'string':
      // PostgreSQL has no text with it, and SQLite ends a text there in half of its functions
      if (value.includes('\0')) throw refused('text without U+0000', 'text with one');
      if (value.length > defaultLimits.ledgerValueBytes) throw tooLong(value.length);
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw refused('a finite number', String(value));
      return value;
    case 'boolean':
      return value ? 1 : 0;
    case 'bigint': {
      const number = Number(value);
      if (!Number.isSafeInteger(number)) throw refused('an integer of at most 53 bits', String(value));
      return number;
    }
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) {
    if (value.byteLength > defaultLimits.ledgerValueBytes) throw tooLong(value.byteLength);
    return value;
  }
  throw new TypeError(
    `expected text, a number, bytes or null to bind, got ${typeof value}: ${String(value)}`,
  );
}

function tooLong(size: number): LedgerFault {
  return refused(`a value of at most ${defaultLimits.ledgerValueBytes} bytes`, String(size));
}

function refused(expected: string, got: string): LedgerFault {
  return new LedgerFault('value-refused', `expected ${expected} to record, got ${got}`);
}

export function resultTooLarge(): LedgerFault {
  return new LedgerFault(
    'result-too-large',
    `expected an answer of at most ${defaultLimits.ledgerRows} rows and ${defaultLimits.ledgerBytes} bytes, got more`,
    { hint: 'ask for a page at a time' },
  );
}
