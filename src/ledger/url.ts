// Where a ledger is: `sqlite:/path/file.db`, `sqlite::memory:`, `postgres://user@host/database?schema=…`.
import { nearest } from '../core/index.ts';
import { LedgerFault } from './fault.ts';

export interface PostgresPlace {
  kind: 'postgres';
  /** A name, an address, or the directory of a socket. */
  host: string;
  port: number;
  database: string;
  user?: string;
  password?: string;
  schema?: string;
  tls: 'off' | 'chain' | 'full';
  /** File with the certificates that the server's must come from. */
  rootCertificate?: string;
  connections: number;
}

export type LedgerPlace = { kind: 'sqlite'; path?: string } | PostgresPlace;

const known = ['host', 'schema', 'sslmode', 'sslrootcert', 'connections'];

/** Throws LedgerFault; what it says holds no password. */
export function parseLedgerUrl(text: string): LedgerPlace {
  if (text.startsWith('sqlite:')) {
    const path = text.slice('sqlite:'.length);
    if (path === ':memory:') return { kind: 'sqlite' };
    if (path === '' || path.startsWith(':') || path.startsWith('//') || /[?#\0]/.test(path))
      throw invalid('sqlite:/path/to/ledger.db', 'another text after sqlite:');
    return { kind: 'sqlite', path };
  }
  if (!/^postgres(?:ql)?:\/\//.test(text))
    throw invalid('sqlite:/path/to/ledger.db or postgres://…', text.split(':')[0]!.slice(0, 20));
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid('postgres://user:password@host/database', 'a text that is no URL');
  }
  try {
    return parsePostgres(url);
  } catch (error) {
    if (error instanceof URIError) throw invalid('escapes of two hexadecimal digits after %', 'others');
    throw error;
  }
}

function parsePostgres(url: URL): PostgresPlace {
  for (const name of url.searchParams.keys())
    if (!known.includes(name)) {
      const meant = nearest(name, known);
      throw invalid(`one of ${known.join(', ')}`, meant ? `${name} (is ${meant} meant?)` : name);
    }
  const value = (name: string) => url.searchParams.get(name) ?? undefined;
  const host = value('host') ?? decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1'));
  const database = decodeURIComponent(url.pathname.slice(1));
  if (host === '') throw invalid('a host', 'none');
  if (database === '' || database.includes('/'))
    throw invalid('one name of a database after the host', 'none');
  const schema = value('schema');
  if (schema !== undefined && !/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw invalid('a schema of small letters, digits and _', schema.slice(0, 80));
  const connections = Number(value('connections') ?? 10);
  if (!Number.isInteger(connections) || connections < 2 || connections > 1000)
    throw invalid('2 to 1000 connections', String(value('connections')).slice(0, 20));
  const rootCertificate = value('sslrootcert');
  return {
    kind: 'postgres',
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    connections,
    tls: tlsOf(value('sslmode'), host),
    ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(schema === undefined ? {} : { schema }),
    ...(rootCertificate === undefined ? {} : { rootCertificate }),
  };
}

/** What libpq calls `require` and leaves unverified is verified; modes that give TLS up by themselves are refused. */
function tlsOf(mode: string | undefined, host: string): PostgresPlace['tls'] {
  switch (mode) {
    case undefined:
      return isLocal(host) ? 'off' : 'full';
    case 'disable':
      return 'off';
    case 'verify-ca':
      return 'chain';
    case 'require':
    case 'verify-full':
      return 'full';
    default:
      throw invalid('sslmode verify-full, verify-ca or disable', mode.slice(0, 20));
  }
}

function isLocal(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function invalid(expected: string, got: string): LedgerFault {
  return new LedgerFault('ledger-url-invalid', `the ledger’s URL: expected ${expected}, got ${got}`, {
    hint: 'sqlite:/path/to/ledger.db, or postgres://user:password@host/database?sslmode=verify-full',
  });
}
