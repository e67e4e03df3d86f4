// What a result code of SQLite means to whoever runs the server: https://sqlite.org/rescode.html
import { Collision, type Constraint, ConstraintError, LedgerFault } from './fault.ts';
import type { SqliteProblem } from './sqliteworker.ts';
import { resultTooLarge } from './value.ts';

const constraints: Record<number, Constraint> = {
  275: 'check',
  787: 'foreign-key',
  1299: 'not-null',
  1555: 'unique',
  2067: 'unique',
  2579: 'unique',
};

export function sqliteError({ code, message, where }: SqliteProblem, path: string): Error {
  const cause = new Error(`SQLite: ${message} (${code})`);
  if (code === -1) return resultTooLarge();
  if (where === 'foreign')
    return new LedgerFault(
      'ledger-foreign',
      `${path}: expected a ledger or a new file, got a database of another program`,
      {
        hint: 'name another file',
      },
    );
  const primary = code & 0xff;
  if (where === 'lock' && primary === 5)
    return new LedgerFault(
      'ledger-in-use',
      `${path}: expected to be the only process that has it, got another that runs`,
      { hint: `stop the other one; \`fuser -v ${path}\` names it`, cause },
    );
  const constraint = constraints[code];
  if (constraint !== undefined) return new ConstraintError(constraint, message, cause);
  switch (code < 0 ? -1 : primary) {
    case 5:
    case 6:
      return new Collision(`SQLite: ${message}`, { cause });
    case 13:
      return new LedgerFault('disk-full', `${path}: expected room to write, got a full disk`, {
        hint: 'make room; nothing was half written, and what was recorded before is there',
        cause,
      });
    case 10:
      return new LedgerFault('disk-failed', `${path}: expected to read and write, got: ${message}`, {
        hint: 'look at the disk and the log of the kernel',
        cause,
      });
    case 11:
    case 26:
      return new LedgerFault('ledger-corrupt', `${path}: expected a database of SQLite, got: ${message}`, {
        hint: 'stop the server, keep the file aside, and put the last backup in its place',
        cause,
      });
    case 3:
    case 8:
    case 14:
    case 23:
      return new LedgerFault('ledger-unopenable', `${path}: expected a file to write, got: ${message}`, {
        hint: 'look at its directory and who may write there',
        cause,
      });
    default:
      return where === undefined
        ? cause
        : new LedgerFault('ledger-unopenable', `${path}: expected a ledger, got: ${message}`, { cause });
  }
}
