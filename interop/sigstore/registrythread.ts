// Seaworthy's own registry in a thread, so that real clients can talk to it while the suite waits for them.
import { parentPort } from 'node:worker_threads';
import { createRegistry } from '../../src/registry/index.ts';

const app = createRegistry();
await app.listen({ port: 0, host: '127.0.0.1' });
parentPort!.postMessage((app.server.address() as { port: number }).port);
