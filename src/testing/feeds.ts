// Advisory feeds for tests, in the layout that osv.dev publishes: in a directory, or served over HTTP with ETags.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { zipOf } from './ziparchive.ts';

export interface TestRecord {
  id: string;
  modified: string;
  [field: string]: unknown;
}

/** A record that names one package and the version that fixes it. */
export function testRecord(
  id: string,
  ecosystem: string,
  name: string,
  fixed: string,
  more: object = {},
): TestRecord {
  return {
    id,
    modified: '2026-01-02T03:04:05Z',
    affected: [
      {
        package: { ecosystem, name },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
      },
    ],
    ...more,
  };
}

export function writeFeed(root: string, feed: string, records: TestRecord[]): void {
  const files: [string, string | Buffer][] = [
    ['modified_id.csv', records.map((r) => `${r.modified},${r.id}\n`).join('')],
    ['all.zip', zipOf(records.map((r) => ({ path: `${r.id}.json`, bytes: JSON.stringify(r) })))],
  ];
  for (const record of records) files.push([`${record.id}.json`, JSON.stringify(record)]);
  for (const [name, content] of files) {
    const path = join(root, feed, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** Serves a directory; `requests` lists each as `status path`. */
export async function serveDirectory(root: string): Promise<{
  url: string;
  requests: string[];
  close(): Promise<void>;
}> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url!.slice(1));
    const file = join(root, path);
    const body = existsSync(file) ? readFileSync(file) : undefined;
    const etag = body && `"${createHash('sha256').update(body).digest('hex')}"`;
    const status = body === undefined ? 404 : request.headers['if-none-match'] === etag ? 304 : 200;
    requests.push(`${status} ${path}`);
    response.writeHead(status, etag === undefined ? {} : { etag });
    response.end(status === 200 ? body : undefined);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** The platform's own fetch, in the shape that feeds are fetched with. */
export async function testFetch(url: string, init?: { headers?: Record<string, string> }) {
  const response = await fetch(url, init ?? {});
  const body: AsyncIterable<Uint8Array> = response.body ?? (async function* () {})();
  return { status: response.status, headers: response.headers, body };
}
