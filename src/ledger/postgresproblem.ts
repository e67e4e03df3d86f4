// What an error of PostgreSQL, or of the way to it, means: https://www.postgresql.org/docs/current/errcodes-appendix.html
import { isFault, messageOf } from '../core/index.ts';
import { Collision, type Constraint, ConstraintError, LedgerFault, type LedgerFaultCode } from './fault.ts';

const constraints: Record<string, Constraint> = {
  '23502': 'not-null',
  '23503': 'foreign-key',
  '23505': 'unique',
  '23514': 'check',
};

const faults: [RegExp, LedgerFaultCode, string, string][] = [
  [/^53100$/, 'disk-full', 'room to write', 'make room; nothing was half written'],
  [/^58/, 'disk-failed', 'a database that reads and writes', 'look at the log of the server'],
  [/^(?:XX001|XX002)$/, 'ledger-corrupt', 'a whole database', 'look at the log of the server'],
  [
    /^53300$/,
    'database-busy',
    'a free connection',
    'raise max_connections, or lower connections= in the URL',
  ],
  [/^55P03$/, 'database-busy', 'a lock within its time', 'look in pg_locks for who holds it'],
  [
    /^57014$/,
    'statement-timeout',
    'an answer within its time',
    'look in the log of the server for what is slow',
  ],
  [
    /^25P03$/,
    'statement-timeout',
    'a transaction that goes on',
    'it waited for something else while it was open',
  ],
  [/^(?:08|57P0[1-5])/, 'database-unreachable', 'a server that answers', 'see whether it runs'],
  [
    /^(?:28|3D000|42501|0P)/,
    'database-refused',
    'to be let in',
    'look at user, password, database and grants',
  ],
  [/^25006$/, 'database-refused', 'a database to write', 'it is a read-only standby: name the primary'],
  [/^22(?:021|P05)$/, 'value-refused', 'text that it keeps', 'the database must have the encoding UTF8'],
  [
    /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|UNABLE_TO|EPROTO/,
    'database-refused',
    'a certificate that can be verified',
    'name the file of the authority: ?sslrootcert=/path/ca.pem',
  ],
  [
    /^(?:E[A-Z]+|CONNECTION)$/,
    'database-unreachable',
    'a server that answers',
    'see whether it runs, and host and port in the URL',
  ],
];

export function postgresError(error: unknown): Error {
  if (isFault(error) || error instanceof ConstraintError || error instanceof RangeError) return error;
  const { code = '', constraint } = error as { code?: string; constraint?: string };
  const message = messageOf(error);
  const kind = constraints[code];
  if (kind !== undefined) return new ConstraintError(kind, `${message} (${constraint ?? code})`, error);
  if (code === '40001' || code === '40P01') return new Collision(`PostgreSQL: ${message}`, { cause: error });
  const known = faults.find(([pattern]) => pattern.test(code || codeOf(message)));
  if (known === undefined) return error instanceof Error ? error : new Error(message);
  const [, fault, expected, hint] = known;
  return new LedgerFault(fault, `PostgreSQL: expected ${expected}, got: ${said(message, error)}`, {
    hint: /SSL connections/.test(message)
      ? 'in a network that you trust: ?sslmode=disable; else let the server speak TLS'
      : hint,
    cause: error,
  });
}

/** What the client itself says has no code. */
function codeOf(message: string): string {
  if (/timeout exceeded when trying to connect/.test(message)) return '53300';
  if (/terminat|connection error|not queryable|ended|closed/i.test(message)) return 'CONNECTION';
  if (/SSL connections/.test(message)) return '28000';
  if (/password/i.test(message)) return '28P01';
  return '';
}

/** A refused connection to several addresses has its reasons inside. */
function said(message: string, error: unknown): string {
  if (message !== '') return message;
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return String((error as { code?: string }).code);
}
