// Makes the release: one package without the Node packages, its source bundled so that it starts fast.
//   node scripts/bundle.ts [OUT]     default: dist/package
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = new URL('..', import.meta.url).pathname;
const out = process.argv[2] ?? join(root, 'dist', 'package');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, 'bin'), { recursive: true });

const bundle = await rolldown({
  input: {
    main: join(root, 'src/cli/main.ts'),
    worker: join(root, 'src/scan/inventory/worker.ts'),
    verifyworker: join(root, 'src/trust/verifyworker.ts'),
    sqliteworker: join(root, 'src/ledger/sqliteworker.ts'),
  },
  platform: 'node',
  onLog(level, log, handler) {
    if (level === 'warn') throw new Error(`the bundler warns: ${log.message}`);
    handler(level, log);
  },
});
await bundle.write({
  dir: join(out, 'dist'),
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
});

const launcher = readFileSync(join(root, 'bin/seaworthy.cjs'), 'utf8');
writeFileSync(join(out, 'bin/seaworthy.cjs'), launcher.replace('../src/cli/main.ts', '../dist/main.js'), {
  mode: 0o755,
});
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md', 'data'])
  cpSync(join(root, file), join(out, file), { recursive: true });
const { name, version, description, license, type, bin } = manifest;
const published = {
  name,
  version,
  description,
  license,
  type,
  bin,
  engines: { node: '>=24.15.0' },
  files: ['bin', 'dist', 'data', 'CHANGELOG.md'],
};
writeFileSync(join(out, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
process.stdout.write(`${out}\n`);
