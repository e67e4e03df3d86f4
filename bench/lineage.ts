// The book of lineage with 10,000 images: what stands on a base, what has to be renewed, and the base of one image; on
// SQLite (a file), and on PostgreSQL where it is installed.
//   node bench/lineage.ts [IMAGES]      default: 10000
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../interop/postgresserver.ts';
import { type Ledger, openLedger } from '../src/ledger/index.ts';
import {
  basesUnder,
  dependentsOf,
  type LineageTables,
  lineageBook,
  lineageOf,
  recordBase,
  recordSighting,
  staleOn,
} from '../src/lineage/index.ts';
import { type MadeImage, makeImage } from '../src/testing/images.ts';

const count = Number(process.argv[2] ?? 10_000);
const work = mkdtempSync(join(tmpdir(), 'seaworthy-bench-lineage-'));
const layer = (name: string) => [{ path: name, data: name }];
const base = makeImage({ layers: [layer('debian')] });
const fixed = makeImage({ layers: [layer('debian fixed')] });
/** A hundred images on the base, and the others in two more levels on those. */
const middles = Array.from({ length: 100 }, (_, at) => ({
  name: `mid${at}`,
  layers: [layer('debian'), layer(`mid${at}`)],
}));

interface Told {
  image: MadeImage;
  on: MadeImage | undefined;
  name: string;
}

function* fleet(): Generator<Told> {
  yield { image: base, on: undefined, name: 'debian' };
  const made: { image: MadeImage; layers: (typeof middles)[0]['layers'] }[] = [];
  for (const { name, layers } of middles) {
    const image = makeImage({ layers });
    made.push({ image, layers });
    yield { image, on: base, name };
  }
  const second: typeof made = [];
  for (let at = 0; at < count - middles.length; at++) {
    const below = at < (count * 2) / 3 ? made[at % made.length]! : second[at % second.length]!;
    const layers = [...below.layers, layer(`app${at}`)];
    const image = makeImage({ layers });
    if (second.length < 500) second.push({ image, layers });
    yield { image, on: below.image, name: `app${at}` };
  }
}

async function fill(ledger: Ledger): Promise<void> {
  let batch: Told[] = [];
  const flush = async (): Promise<void> => {
    const told = batch;
    batch = [];
    await ledger.write<LineageTables, void>(async (write) => {
      for (const { image, on, name } of told) {
        await see(write, image, name, on === undefined);
        if (on === undefined) continue;
        const { digest } = on.descriptor;
        const found = {
          references: [],
          digest,
          platformDigest: digest,
          layers: on.diffIds.length,
          by: ['layers' as const],
        };
        await recordBase(write, image.descriptor.digest, { kind: 'base', ...found, claims: [] });
      }
    });
  };
  for (const told of fleet()) {
    batch.push(told);
    if (batch.length >= 500) await flush();
  }
  await flush();
}

function see(
  write: Parameters<typeof recordSighting>[0],
  image: MadeImage,
  name: string,
  isBase: boolean,
): Promise<void> {
  const { digest } = image.descriptor;
  const platforms = [{ digest, manifest: image.bytes, config: image.config }];
  return recordSighting(
    write,
    { repository: `r.example/${name}`, tag: '1', digest, platforms, isBase },
    Date.now(),
  );
}

async function median(times: number, run: () => Promise<number>): Promise<string> {
  const ms: number[] = [];
  const cpu: number[] = [];
  let found = 0;
  for (let at = 0; at < times; at++) {
    const started = performance.now();
    const before = process.cpuUsage();
    found = await run();
    ms.push(performance.now() - started);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / 1000);
  }
  ms.sort((a, b) => a - b);
  cpu.sort((a, b) => a - b);
  return `${ms[Math.floor(times / 2)]!.toFixed(1)} ms (best ${ms[0]!.toFixed(1)}, worst ${ms.at(-1)!.toFixed(1)}), ${cpu[Math.floor(times / 2)]!.toFixed(1)} ms of CPU here, ${found} found`;
}

async function measure(name: string, url: string): Promise<void> {
  const ledger = await openLedger({ url, books: [lineageBook] });
  const started = performance.now();
  await fill(ledger);
  process.stdout.write(
    `${name}: ${count} images recorded in ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
  );
  const read = ledger.read<LineageTables>();
  const reference = 'r.example/debian:1';
  process.stdout.write(
    `  what stands on the base: ${await median(15, async () => (await dependentsOf(read, { reference })).images.length)}\n`,
  );
  await ledger.write<LineageTables, void>((write) => see(write, fixed, 'debian', true));
  process.stdout.write(
    `  what is to be renewed: ${await median(15, async () => (await staleOn(read, reference)).length)}\n`,
  );
  const app = makeImage({ layers: [...middles[7]!.layers, layer('new')] });
  const facts = {
    digest: app.descriptor.digest,
    diffIds: app.diffIds,
    annotations: {},
    labels: {},
    provenance: [],
  };
  process.stdout.write(
    `  the base of one image: ${await median(50, async () => {
      const lineage = lineageOf(facts, await basesUnder(read, { diffIds: app.diffIds }));
      return lineage.kind === 'base' ? lineage.layers : 0;
    })}\n`,
  );
  await ledger.close();
}

try {
  await measure('SQLite', `sqlite:${join(work, 'ledger.db')}`);
  const server = await startPostgres().catch(() => undefined);
  if (server !== undefined)
    try {
      await measure('PostgreSQL', server.url);
    } finally {
      await server.stop();
    }
} finally {
  rmSync(work, { recursive: true, force: true });
}
