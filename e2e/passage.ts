// An HTTP proxy that asks at each request whether it may be passed on, and at each answer whether it may go back.
import { createServer, type IncomingMessage, request as plainRequest, type ServerResponse } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Passing {
  method: string;
  url: URL;
  body: string;
}

export interface PassageOptions {
  to: string;
  tls?: { ca?: string; cert?: string; key?: string };
  authorization?: string;
  /** Asked before it is passed on, and with the status before its answer goes back. False: it is cut off. */
  passes(passing: Passing, status?: number): Promise<boolean>;
}

export interface Passage {
  url: string;
  close(): void;
}

export async function openPassage(options: PassageOptions): Promise<Passage> {
  const server = createServer((request, response) => {
    pass(options, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function pass(options: PassageOptions, request: IncomingMessage, response: ServerResponse) {
  const { to, passes } = options;
  const body = await bytesOf(request);
  const url = new URL(request.url ?? '/', to);
  const passing = { method: request.method ?? 'GET', url, body: body.toString() };
  if (!(await passes(passing))) return response.destroy();
  const answer = await forward(options, request, response, url, body);
  const { statusCode: status = 502, headers } = answer;
  if (url.searchParams.get('watch') === 'true') {
    response.writeHead(status, headers);
    response.flushHeaders();
    return answer.pipe(response);
  }
  const answered = await bytesOf(answer);
  if (!(await passes(passing, status))) return response.destroy();
  const { 'transfer-encoding': _, ...kept } = headers;
  return response.writeHead(status, kept).end(answered);
}

function forward(
  { tls, authorization }: PassageOptions,
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  url: URL,
  body: Buffer,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { host: _, connection: __, ...kept } = headers;
    const options = {
      method,
      headers: { ...kept, ...(authorization === undefined ? {} : { authorization }) },
      ...tls,
    };
    const onward = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, options, resolve);
    onward.on('error', reject);
    response.once('close', () => onward.destroy());
    onward.end(body);
  });
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
