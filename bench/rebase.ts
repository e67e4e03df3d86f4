// Rebasing a fleet: many images on one base, in one process over keep-alive loopback HTTP against our own registry in
// memory (a process of its own), beside crane as a process for each image.
//   node bench/rebase.ts [IMAGES] [CRANE]      default: 1000 40
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../src/core/index.ts';
import { createClient } from '../src/net/index.ts';
import { createRebaser } from '../src/renewal/rebaseimage.ts';
import { diskResults } from '../src/store/index.ts';
import { type MadeImage, makeImage, writeLayout } from '../src/testing/images.ts';
import { debianLayer, linkedProgram } from '../src/testing/rebases.ts';
import { anonymous, copyImage, fromLayout, openRegistry, toRegistry } from '../src/transport/index.ts';

const images = Number(process.argv[2] ?? 1000);
const cranes = Number(process.argv[3] ?? 40);
const crane = join(process.env['SEAWORTHY_PEERS'] ?? join(homedir(), '.cache/seaworthy-peers'), 'bin/crane');
const work = mkdtempSync(join(tmpdir(), 'seaworthy-bench-rebase-'));

/** Four layers, of a Debian's size in paths: 6,000 files, 120 packages, 200 libraries. */
function baseLayers(openssl: string) {
  const packages = Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`package${at}`, '1.0-1']));
  const libraries = Array.from({ length: 200 }, (_, at) => `lib${at}.so.1`);
  const files = Array.from({ length: 6000 }, (_, at) => ({
    path: `usr/share/p${at % 120}/f${at}`,
    data: 'x',
  }));
  return [
    debianLayer({ packages: { ...packages, openssl }, libraries, files }),
    ...[1, 2, 3].map((at) => [{ path: `usr/local/extra${at}`, data: `extra ${at} ${openssl}` }]),
  ];
}

function appOn(layers: ReturnType<typeof baseLayers>, number: number): MadeImage {
  const modules = Array.from({ length: 500 }, (_, at) => ({
    path: `app/node_modules/m${at}/package.json`,
    data: JSON.stringify({ name: `m${at}`, version: `1.0.${number}` }),
  }));
  const labels = { 'dev.seaworthy.rebasable': 'true' };
  return makeImage({
    layers: [...layers, [linkedProgram('app/server', 'libssl.so.3', 'lib7.so.1'), ...modules]],
    labels,
  });
}

const registryProgram = `
  import { createRegistry } from ${JSON.stringify(new URL('../src/registry/index.ts', import.meta.url).href)};
  const app = createRegistry();
  await app.listen({ port: 0, host: '127.0.0.1' });
  process.send(app.server.address().port);`;
const server = spawn(process.execPath, ['--input-type=module', '-e', registryProgram], {
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
});
const port = await new Promise<number>((resolve) => server.once('message', resolve));
const host = `127.0.0.1:${port}`;
const http = createClient({ env: {} });
const registry = openRegistry(host, { http, credentials: anonymous });

async function push(repository: string, image: MadeImage, tag: string): Promise<string> {
  const layout = mkdtempSync(join(work, 'layout-'));
  writeLayout(layout, [{ images: [image], tag: 'x' }]);
  await copyImage(fromLayout(layout, 'x'), toRegistry(registry, repository), { tag });
  rmSync(layout, { recursive: true });
  return image.descriptor.digest;
}

try {
  const oldLayers = baseLayers('3.0.11-1');
  const oldBase = await push('base', makeImage({ layers: oldLayers }), '12');
  const newBase = await push('base', makeImage({ layers: baseLayers('3.0.15-1') }), '12-new');
  process.stderr.write(`bench: pushing ${images} images\n`);
  const apps: string[] = [];
  for (let number = 0; number < images; number++)
    apps.push(await push(`team/app${number}`, appOn(oldLayers, number), '1'));

  const home = openHome(join(work, 'home'), {});
  const results = diskResults(home.dir('results'));
  const run = async (name: string): Promise<void> => {
    const rebaser = createRebaser({ home, results, threads: 1 });
    const started = performance.now();
    let unproven = 0;
    let next = 0;
    const lanes = Array.from({ length: 8 }, async () => {
      for (let at = next++; at < apps.length; at = next++) {
        const result = await rebaser.rebase({
          app: { registry, repository: `team/app${at}`, digest: apps[at]! },
          oldBase: { registry, repository: 'base', digest: oldBase },
          newBase: { registry, repository: 'base', digest: newBase, name: `${host}/base:12` },
          to: { registry, repository: `team/app${at}`, stagingTag: 'staging' },
        });
        if (result.digest === undefined) unproven++;
      }
    });
    await Promise.all(lanes);
    const seconds = (performance.now() - started) / 1000;
    const memory = Math.round(process.memoryUsage.rss() / 1e6);
    process.stdout.write(
      `${name}: ${images} images in ${seconds.toFixed(1)} s, ${((seconds / images) * 1000).toFixed(1)} ms each, ${memory} MB${unproven > 0 ? `, ${unproven} UNPROVEN` : ''}\n`,
    );
  };
  await run('layers never read before');
  await run('layers known           ');
  if (existsSync(crane)) {
    const started = performance.now();
    for (let at = 0; at < cranes; at++)
      execFileSync(
        crane,
        [
          'rebase',
          `${host}/team/app${at}:1`,
          '--old_base',
          `${host}/base@${oldBase}`,
          '--new_base',
          `${host}/base@${newBase}`,
          '-t',
          `${host}/team/app${at}:crane`,
        ],
        { stdio: 'ignore' },
      );
    const each = (performance.now() - started) / cranes;
    process.stdout.write(`crane rebase, a process each, nothing proven: ${each.toFixed(0)} ms each\n`);
  }
} finally {
  server.kill();
  await http.close();
  rmSync(work, { recursive: true, force: true });
}
