// The URL of a ledger: what it may say, and that what is refused is refused without its password.
import assert from 'node:assert/strict';
import test from 'node:test';
import { parseLedgerUrl } from './url.ts';

test('a file, a throw-away ledger, a server', () => {
  assert.deepEqual(parseLedgerUrl('sqlite:/var/lib/seaworthy/ledger.db'), {
    kind: 'sqlite',
    path: '/var/lib/seaworthy/ledger.db',
  });
  assert.deepEqual(parseLedgerUrl('sqlite::memory:'), { kind: 'sqlite' });
  assert.deepEqual(parseLedgerUrl('postgres://u:p%40ss@db.example/sea?schema=prod&connections=5'), {
    kind: 'postgres',
    host: 'db.example',
    port: 5432,
    database: 'sea',
    user: 'u',
    password: 'p@ss',
    schema: 'prod',
    connections: 5,
    tls: 'full',
  });
});

test('TLS is verified unless the server is on this machine or the URL says so', () => {
  const tls = (text: string) => {
    const place = parseLedgerUrl(text);
    return place.kind === 'postgres' ? place.tls : undefined;
  };
  assert.equal(tls('postgres://db.example/sea'), 'full');
  assert.equal(tls('postgres://db.example/sea?sslmode=require'), 'full');
  assert.equal(tls('postgres://db.example/sea?sslmode=verify-ca'), 'chain');
  assert.equal(tls('postgres://db.example/sea?sslmode=disable'), 'off');
  assert.equal(tls('postgres://127.0.0.1:5433/sea'), 'off');
  assert.equal(tls('postgres:///sea?host=/run/postgresql'), 'off');
  assert.equal(tls('postgres://127.0.0.1.example/sea'), 'full');
  for (const mode of ['prefer', 'allow', 'no-verify'])
    assert.throws(() => tls(`postgres://db.example/sea?sslmode=${mode}`), { code: 'ledger-url-invalid' });
});

test('what is wrong is named, with the nearest right word and without the password', () => {
  const wrong: [string, RegExp][] = [
    ['mysql://u:secret@host/sea', /got mysql/],
    ['sqlite:', /sqlite:\/path/],
    ['sqlite://host/file', /sqlite:\/path/],
    ['sqlite:/a?mode=ro', /sqlite:\/path/],
    ['postgres://u:secret@host/', /name of a database/],
    ['postgres:///sea', /a host/],
    ['postgres://u:secret@host/sea?ssl_mode=disable', /is sslmode meant/],
    ['postgres://u:secret@host/sea?schema=Ä', /small letters/],
    ['postgres://u:secret@host/sea?connections=1', /2 to 1000/],
    ['postgres://u:secret@ho st/sea', /no URL/],
    ['postgres://u:secret%zz@host/sea', /escapes/],
  ];
  for (const [text, message] of wrong)
    assert.throws(
      () => parseLedgerUrl(text),
      (error: Error & { code: string }) =>
        error.code === 'ledger-url-invalid' && message.test(error.message) && !/secret/.test(error.message),
      text,
    );
});
