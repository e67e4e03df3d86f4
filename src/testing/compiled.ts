// Where the processes that tests start keep what V8 compiled: each home is new, the source is not.
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const compiled = process.env['NODE_COMPILE_CACHE'] ?? join(tmpdir(), 'seaworthy-tests-compiled');
