// An HTTP response as its callers see it: bounded, and with the faults of this room.
import { parseJson } from '../core/index.ts';
import { faultOf, type RawResponse } from './exchange.ts';
import { NetFault } from './fault.ts';

export interface HttpResponse {
  status: number;
  /** Where the answer came from, after redirects. */
  url: URL;
  /** The first value of a header, by its lower-case name. */
  header(name: string): string | undefined;
  /** Read once. Throws NetFault `body-truncated`, `body-too-large`, `timeout`. */
  body: AsyncIterable<Uint8Array>;
  /** The whole body; throws NetFault `body-too-large` past `limit` bytes. */
  bytes(limit?: number): Promise<Buffer>;
  text(limit?: number): Promise<string>;
  json(limit?: number): Promise<unknown>;
  /** Frees the connection of a response whose body is not wanted. */
  discard(): Promise<void>;
}

export function responseOf(
  raw: RawResponse,
  url: URL,
  maxBytes: number | undefined,
  usualLimit: number,
): HttpResponse {
  const body = bounded(raw, url, maxBytes ?? Number.POSITIVE_INFINITY);
  const response: HttpResponse = {
    status: raw.status,
    url,
    header(name) {
      const value = raw.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body,
    async bytes(limit = usualLimit) {
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of body) {
        size += chunk.byteLength;
        if (size > limit) throw tooLarge(url, limit);
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    },
    text: async (limit) => (await response.bytes(limit)).toString('utf8'),
    json: async (limit) => parseJson(await response.text(limit)),
    discard: () => raw.body.dump(),
  };
  return response;
}

async function* bounded(raw: RawResponse, url: URL, limit: number): AsyncGenerator<Uint8Array> {
  const declared = Number(raw.headers['content-length'] ?? 0);
  let size = 0;
  try {
    if (declared > limit) throw tooLarge(url, limit);
    for await (const chunk of raw.body) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge(url, limit);
      yield chunk;
    }
  } catch (error) {
    const fault = faultOf(error, url);
    if (fault instanceof NetFault && fault.code === 'connect-failed')
      throw new NetFault(
        'body-truncated',
        `expected the whole answer of ${url.host}, got ${size} bytes of it`,
        { cause: error },
      );
    throw fault;
  }
}

function tooLarge(url: URL, limit: number): NetFault {
  return new NetFault('body-too-large', `expected at most ${limit} bytes from ${url.host}, got more`);
}
