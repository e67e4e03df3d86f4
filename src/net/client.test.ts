import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type LookupFunction } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { fixedClock } from '../core/index.ts';
import { createAuthority } from '../testing/certificate.ts';
import { listenHandler } from '../testing/listen.ts';
import { type ClientOptions, createClient, type HttpClient } from './client.ts';

const authority = createAuthority();
const clients: HttpClient[] = [];
const servers: Server[] = [];
let folder: string;
let caFile: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'net-'));
  caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.cert);
});
after(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function client(options: ClientOptions = {}): HttpClient {
  const made = createClient({ env: {}, sleep: async () => {}, ...options });
  clients.push(made);
  return made;
}

async function listen(handler: RequestListener, names?: readonly string[]): Promise<number> {
  const server =
    names === undefined ? createServer(handler) : createSecureServer(authority.issue(names), handler);
  servers.push(server as Server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

/** Every name leads to this machine, as a proxy or a hosts file might have it. */
const here: NonNullable<ClientOptions['lookup']> = (_name, _options, callback) =>
  callback(null, [{ address: '127.0.0.1', family: 4 }]);

describe('credentials', () => {
  test('go to their origin and to no other host or port a redirect leads to', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const other = await listen((request, response) => {
      seen.push(request.headers);
      response.end('other');
    });
    const port = await listen((request, response) => {
      if (request.url === '/same') return void response.writeHead(302, { location: '/end' }).end();
      if (request.url === '/other')
        return void response.writeHead(307, { location: `http://127.0.0.1:${other}/` }).end();
      seen.push(request.headers);
      response.end('same');
    });
    const http = client();
    const secret = {
      authorization: 'Basic c2VjcmV0',
      headers: { cookie: 'a=b', 'x-token': 'c', range: 'bytes=0-' },
    };
    assert.equal(
      await (await http.request({ url: `http://127.0.0.1:${port}/same`, ...secret })).text(),
      'same',
    );
    assert.equal(
      await (await http.request({ url: `http://127.0.0.1:${port}/other`, ...secret })).text(),
      'other',
    );
    assert.equal(seen[0]?.authorization, 'Basic c2VjcmV0');
    assert.deepEqual(
      [seen[1]?.authorization, seen[1]?.cookie, seen[1]?.['x-token'], seen[1]?.range],
      [undefined, undefined, undefined, 'bytes=0-'],
    );
  });

  test('in a body are not sent on to another host', async () => {
    const port = await listen(
      (_request, response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    );
    const response = await client().request({
      method: 'POST',
      url: `http://127.0.0.1:${port}/`,
      body: Buffer.from('secret'),
    });
    assert.equal(response.status, 307);
  });

  test('in a URL are refused', async () => {
    await assert.rejects(client().request({ url: 'https://user:pass@example.com/' }), {
      code: 'url-invalid',
    });
  });
});

describe('addresses', () => {
  const refused = [
    'https://169.254.169.254/',
    'https://168.63.129.16/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://[::ffff:169.254.169.254]/',
    'https://2852039166/',
    'https://0xa9.254.169.254/',
    'https://[64:ff9b::a9fe:a9fe]/',
  ];
  for (const url of refused)
    test(`${url} is refused`, async () => {
      await assert.rejects(client().request({ url }), { code: 'address-refused' });
    });

  test('are refused when a name resolves to them, even as one of several', async () => {
    const lookup: typeof here = (_name, _options, callback) =>
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '169.254.169.254', family: 4 },
      ]);
    await assert.rejects(client({ lookup }).request({ url: 'https://registry.test/' }), {
      code: 'address-refused',
    });
  });

  test('are refused as the end of a redirect', async () => {
    const port = await listen(
      (_request, response) =>
        void response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
    );
    await assert.rejects(client().request({ url: `http://127.0.0.1:${port}/` }), { code: 'address-refused' });
  });

  test('plain http to another machine needs to be asked for', async () => {
    const port = await listen((_request, response) => void response.end('plain'));
    const http = client({ lookup: here });
    await assert.rejects(http.request({ url: `http://registry.test:${port}/` }), {
      code: 'plain-http-refused',
    });
    assert.equal(
      await (await http.request({ url: `http://registry.test:${port}/`, plainHttp: true })).text(),
      'plain',
    );
  });
});

describe('TLS', () => {
  test('trusts the authorities of --ca-file beside the usual ones, and checks the name', async () => {
    const port = await listen((_request, response) => void response.end('ok'), ['registry.test']);
    await assert.rejects(
      client({ lookup: here }).request({ url: `https://registry.test:${port}/`, retries: 0 }),
      { code: 'tls-failed', hint: /--ca-file/ },
    );
    const http = client({ lookup: here, caFile });
    assert.equal(await (await http.request({ url: `https://registry.test:${port}/` })).text(), 'ok');
    await assert.rejects(http.request({ url: `https://other.test:${port}/`, retries: 0 }), {
      code: 'tls-failed',
    });
  });

  test('is never left by a redirect', async () => {
    const port = await listen(
      (_request, response) => void response.writeHead(302, { location: 'http://registry.test/' }).end(),
      ['registry.test'],
    );
    await assert.rejects(
      client({ lookup: here, caFile }).request({ url: `https://registry.test:${port}/`, plainHttp: true }),
      { code: 'redirect-refused' },
    );
  });

  test('a file without certificates is named', async () => {
    const path = join(folder, 'empty.pem');
    writeFileSync(path, 'nothing');
    await assert.rejects(client({ lookup: here, caFile: path }).request({ url: 'https://registry.test/' }), {
      code: 'ca-file-unreadable',
    });
  });
});

describe('a proxy', () => {
  async function proxy(target: number): Promise<{ port: number; seen: string[] }> {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
      response.end('by proxy');
    });
    server.on('connect', (request, socket, head) => {
      seen.push(
        `CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? '-'} ${request.headers.authorization ?? '-'}`,
      );
      const through = connect(target, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        through.write(head);
        through.pipe(socket).pipe(through);
      });
      through.on('error', () => socket.destroy());
      socket.on('error', () => through.destroy());
      socket.on('close', () => through.destroy());
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { port: (server.address() as { port: number }).port, seen };
  }

  test('is tunnelled through for https, with its own credentials only', async () => {
    const port = await listen(
      (request, response) => void response.end(request.headers['proxy-authorization'] ?? 'clean'),
      ['registry.test'],
    );
    const { port: proxyPort, seen } = await proxy(port);
    const http = client({ caFile, env: { HTTPS_PROXY: `http://u:p@127.0.0.1:${proxyPort}` } });
    const response = await http.request({ url: 'https://registry.test/v2/', authorization: 'Bearer secret' });
    assert.equal(await response.text(), 'clean');
    assert.deepEqual(seen, ['CONNECT registry.test:443 Basic dTpw -']);
  });

  test('is asked for the whole URL for http', async () => {
    const { port, seen } = await proxy(1);
    const http = client({ env: { http_proxy: `127.0.0.1:${port}` } });
    assert.equal(
      await (await http.request({ url: 'http://registry.test/x', plainHttp: true })).text(),
      'by proxy',
    );
    assert.deepEqual(seen, ['GET http://registry.test/x -']);
  });

  test('is passed by for a host that no_proxy names', async () => {
    const port = await listen((_request, response) => void response.end('direct'));
    const http = client({
      lookup: here,
      env: { HTTP_PROXY: 'http://127.0.0.1:1', no_proxy: '.registry.test' },
    });
    assert.equal(
      await (await http.request({ url: `http://a.registry.test:${port}/`, plainHttp: true })).text(),
      'direct',
    );
  });
});

describe('retries', () => {
  test('repeat a GET after 503 and 429, waiting as long as Retry-After says', async () => {
    const answers = [[503], [429, '7'], [429, 'Tue, 24 Nov 2026 00:00:09 GMT'], [200]] as const;
    let at = 0;
    const port = await listen((_request, response) => {
      const [status, after] = answers[at++] as readonly [number, string?];
      response.writeHead(status, after === undefined ? {} : { 'retry-after': after }).end('x');
    });
    const waits: number[] = [];
    const http = client({
      clock: fixedClock('2026-11-24T00:00:00Z'),
      sleep: async (ms) => void waits.push(ms),
    });
    assert.equal((await http.request({ url: `http://127.0.0.1:${port}/` })).status, 200);
    assert.deepEqual(waits, [250, 7000, 9000]);
  });

  test('give the last answer back when they are used up, and do not repeat what is not idempotent', async () => {
    let count = 0;
    const port = await listen((_request, response) => {
      count++;
      response.writeHead(503).end();
    });
    assert.equal((await client().request({ url: `http://127.0.0.1:${port}/`, retries: 2 })).status, 503);
    assert.equal(count, 3);
    assert.equal(
      (await client().request({ method: 'POST', url: `http://127.0.0.1:${port}/`, body: Buffer.from('x') }))
        .status,
      503,
    );
    assert.equal(count, 4);
  });

  test('do not wait for an hour', async () => {
    const port = await listen(
      (_request, response) => void response.writeHead(429, { 'retry-after': '3600' }).end(),
    );
    assert.equal((await client().request({ url: `http://127.0.0.1:${port}/` })).status, 429);
  });

  test('a server that is not there is a connect-failed', async () => {
    await assert.rejects(client().request({ url: 'http://127.0.0.1:1/' }), { code: 'connect-failed' });
  });
});

describe('bodies', () => {
  test('are bounded, declared or not, and a broken one is named', async () => {
    const port = await listen((request, response) => {
      if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': '100' });
        response.write('short');
        setImmediate(() => response.destroy());
      } else if (request.url === '/chunked') {
        response.write('x'.repeat(600));
        response.end('x'.repeat(600));
      } else response.end('x'.repeat(1200));
    });
    const http = client();
    const get = async (path: string, limit?: number): Promise<Buffer> =>
      (await http.request({ url: `http://127.0.0.1:${port}${path}`, retries: 0 })).bytes(limit);
    await assert.rejects(get('/', 1000), { code: 'body-too-large' });
    await assert.rejects(get('/chunked', 1000), { code: 'body-too-large' });
    await assert.rejects(get('/cut'), { code: 'body-truncated' });
    assert.equal((await get('/chunked', 1200)).length, 1200);
  });

  test('never come in an encoding that was not asked for', async () => {
    const port = await listen((request, response) => void response.end(request.headers['accept-encoding']));
    assert.equal(await (await client().request({ url: `http://127.0.0.1:${port}/` })).text(), 'identity');
  });

  test('endless redirects end', async () => {
    const port = await listen((_request, response) => void response.writeHead(302, { location: '/' }).end());
    await assert.rejects(client().request({ url: `http://127.0.0.1:${port}/` }), {
      code: 'redirect-refused',
    });
  });

  test('a request that is stopped says so', async () => {
    const port = await listen(() => {});
    const stop = new AbortController();
    const pending = client().request({ url: `http://127.0.0.1:${port}/`, signal: stop.signal });
    setImmediate(() => stop.abort());
    await assert.rejects(pending, { code: 'aborted' });
  });
});

describe('private networks', () => {
  const answer =
    (location: string): RequestListener =>
    (_request, response) =>
      void response.writeHead(302, { location }).end();

  test('a public server does not lead into one, by a redirect or as a realm', async (t) => {
    // through a proxy every name is public to us
    const proxy = await listenHandler(answer('http://10.0.0.5/secret'), t);
    const made = createClient({ env: { HTTP_PROXY: `http://${proxy}` }, sleep: async () => {} });
    t.after(() => made.close());
    await assert.rejects(made.request({ url: 'http://registry.example.com/', plainHttp: true }), {
      code: 'address-refused',
      message: /to which a public server sent us/,
    });
    for (const url of ['http://192.168.1.1/token', 'http://[fd12::1]/token', 'http://127.0.0.1:1/token'])
      await assert.rejects(made.request({ url, plainHttp: true, because: 'registry.example.com' }), {
        code: 'address-refused',
      });
  });

  test('a private server may', async (t) => {
    const host = await listenHandler((_request, response) => void response.end('ok'), t);
    const made = createClient({ env: {}, sleep: async () => {} });
    t.after(() => made.close());
    for (const because of ['10.0.0.5', 'localhost', '127.0.0.1'])
      assert.equal((await made.request({ url: `http://${host}/`, because })).status, 200);
  });

  test('a name that was public once is not private afterwards', async (t) => {
    let addresses = [{ address: '203.0.113.1', family: 4 }];
    const port = Number(
      (await listenHandler((_request, response) => void response.end('ok'), t)).split(':')[1],
    );
    const lookup: LookupFunction = (_hostname, _options, callback) => callback(null, addresses);
    const made = createClient({ env: {}, sleep: async () => {}, lookup });
    t.after(() => made.close());
    const url = `http://registry.example.com:${port}/`;
    await assert.rejects(made.request({ url, plainHttp: true, retries: 0, timeouts: { connect: 200 } }));
    addresses = [{ address: '127.0.0.1', family: 4 }];
    await made.request({ url, plainHttp: true, timeouts: { connect: 500 } });
    await assert.rejects(
      made.request({ url: 'http://10.0.0.5/', plainHttp: true, because: 'registry.example.com' }),
      {
        code: 'address-refused',
      },
    );
  });
});
