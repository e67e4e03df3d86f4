// Our own registry as a program of its own: node e2e/ownregistry.ts HOST PORT CERTIFICATE KEY
import { readFileSync } from 'node:fs';
import { createRegistry } from '../src/registry/index.ts';

const [host = '', port = '', cert = '', key = ''] = process.argv.slice(2);
const app = createRegistry({ https: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } });
await app.listen({ host, port: Number(port) });
