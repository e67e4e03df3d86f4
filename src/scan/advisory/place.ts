// Where feeds lie: behind a URL or in a directory, asked in one way.
import { hash } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { defaultLimits, isFault, messageOf } from '../../core/index.ts';
import { AdvisoryFault } from './fault.ts';

/** The HTTP client, as an argument: the guarded one in the product, the platform's own in tests. */
export type Fetch = (
  url: string,
  init?: { headers?: Record<string, string> },
) => Promise<{
  status: number;
  headers: { get(name: string): string | null };
  body: AsyncIterable<Uint8Array>;
}>;

/** What a publisher says to recognise a file by, asked back the next time. */
export interface Validators {
  etag?: string;
  modified?: string;
}

export type Answer<T> = { unchanged: true } | { unchanged: false; value: T; validators: Validators };

/** A place that files can be read from by their path, `/` between parts. */
export interface Place {
  readonly kind: 'url' | 'directory';
  /** As said to people: the URL without credentials, or the directory. */
  readonly from: string;
  /** The file's text; `unchanged` when it is what `known` validates. Throws AdvisoryFault. */
  text(path: string, known?: Validators, decode?: (bytes: Buffer) => Buffer): Promise<Answer<string>>;
  /** The path of a local file with its bytes; a downloaded one lies in `folder`. Throws AdvisoryFault. */
  file(path: string, folder: string, known?: Validators): Promise<Answer<string>>;
  /** Undefined: not there. */
  optionalText(path: string): Promise<string | undefined>;
  /** Names of the feeds there. */
  feeds(): Promise<string[]>;
}

const { feedTextBytes: mostText, feedArchiveBytes: mostFile } = defaultLimits;

export function placeOf(from: string, fetch: Fetch): Place {
  return /^https?:\/\//.test(from) ? urlPlace(from.replace(/\/+$/, ''), fetch) : directoryPlace(from);
}

function urlPlace(base: string, fetch: Fetch): Place {
  const from = withoutCredentials(base);
  const urlOf = (path: string) =>
    path === '' ? base : `${base}/${path.split('/').map(encodeURIComponent).join('/')}`;

  async function get(path: string, known: Validators = {}) {
    const headers: Record<string, string> = {};
    if (known.etag !== undefined) headers['if-none-match'] = known.etag;
    else if (known.modified !== undefined) headers['if-modified-since'] = known.modified;
    try {
      return await fetch(urlOf(path), { headers });
    } catch (cause) {
      throw unreachable(`${from}/${path}`, messageOf(cause), cause);
    }
  }

  async function fetched<T>(
    path: string,
    known: Validators | undefined,
    read: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<Answer<T>> {
    const { status, headers, body } = await get(path, known);
    if (status !== 200) {
      await discard(body);
      if (status === 304 && known !== undefined) return { unchanged: true };
      throw unreachable(path === '' ? from : `${from}/${path}`, `HTTP status ${status}`);
    }
    const etag = headers.get('etag');
    const modified = headers.get('last-modified');
    const length = Number(headers.get('content-length') ?? Number.NaN);
    let value: T;
    try {
      value = await read(lengthChecked(body, headers.get('content-encoding') === null ? length : Number.NaN));
    } catch (cause) {
      throw isFault(cause) ? cause : unreachable(`${from}/${path}`, messageOf(cause), cause);
    }
    const validators = { ...(etag !== null && { etag }), ...(modified !== null && { modified }) };
    return { unchanged: false, value, validators };
  }

  return {
    kind: 'url',
    from,
    text: (path, known, decode) =>
      fetched(path, known, async (body) => (decode ?? same)(await collect(body)).toString('utf8')),
    file(path, folder, known) {
      const target = join(folder, `download-${process.pid}.tmp`);
      return fetched(path, known, async (body) => {
        rmSync(target, { force: true });
        await pipeline(Readable.from(body), limited(mostFile), createWriteStream(target));
        return target;
      });
    },
    async optionalText(path) {
      const { status, body } = await get(path);
      if (status === 404 || status === 403) {
        await discard(body);
        return undefined;
      }
      if (status !== 200) throw unreachable(`${from}/${path}`, `HTTP status ${status}`);
      return (await collect(body)).toString('utf8');
    },
    async feeds() {
      const answer = await this.text('ecosystems.txt');
      return answer.unchanged ? [] : linesOf(answer.value).filter(isFeed);
    },
  };
}

function directoryPlace(root: string): Place {
  const open = (path: string) => {
    const file = path === '' ? root : join(root, path);
    if (!existsSync(file)) throw unreachable(file, 'no such file');
    return file;
  };
  return {
    kind: 'directory',
    from: root,
    async text(path, known, decode) {
      const file = open(path);
      if (statSync(file).size > mostText) throw tooLarge(file, mostText);
      const bytes = readFileSync(file);
      const etag = hash('sha256', bytes);
      if (known?.etag === etag) return { unchanged: true };
      return { unchanged: false, value: (decode ?? same)(bytes).toString('utf8'), validators: { etag } };
    },
    async file(path) {
      return { unchanged: false, value: open(path), validators: {} };
    },
    async optionalText() {
      return undefined;
    },
    async feeds() {
      if (!existsSync(root)) throw unreachable(root, 'no such directory');
      return readdirSync(root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'all.zip')))
        .map((entry) => entry.name)
        .sort();
    },
  };
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > mostText) throw tooLarge('the answer', mostText);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** A connection that ends early is no answer, whoever fetched it. */
async function* lengthChecked(body: AsyncIterable<Uint8Array>, expected: number): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const part of body) {
    size += part.length;
    yield part;
  }
  if (!Number.isNaN(expected) && size !== expected)
    throw new Error(`expected ${expected} bytes, got ${size}`);
}

async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

function limited(most: number): Transform {
  let size = 0;
  return new Transform({
    transform(part: Uint8Array, _encoding, done) {
      size += part.length;
      if (size > most) done(tooLarge('the archive', most));
      else done(null, part);
    },
  });
}

/** The list also names releases, whose records are in their ecosystem's feed, and records that name no package. */
function isFeed(name: string): boolean {
  return !name.includes(':') && name !== 'GIT' && !name.startsWith('[');
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function withoutCredentials(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}

function unreachable(what: string, got: string, cause?: unknown): AdvisoryFault {
  return new AdvisoryFault('feed-unreachable', `expected ${what}, got ${got}`, { cause });
}

function tooLarge(what: string, most: number): AdvisoryFault {
  return new AdvisoryFault('feed-unreadable', `expected at most ${most} bytes, got more: ${what}`);
}
