// The inside of a server thread: answers JSON on a free port and tells the suite which.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

export interface Asked {
  path: string;
  body: string;
  /** The server's own address. */
  url: string;
}

/** `answer` gives what is sent as JSON, or undefined for 404. */
export function listen(answer: (asked: Asked) => unknown): void {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { port } = server.address() as AddressInfo;
    const body = Buffer.concat(chunks).toString();
    const said = answer({ path: request.url ?? '/', body, url: `http://127.0.0.1:${port}` });
    response.writeHead(said === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(said ?? {}));
  });
  server.listen(0, '127.0.0.1', () => {
    parentPort!.postMessage((server.address() as AddressInfo).port);
  });
}
