// An image of ten gigabytes with a million files beside a small one: what the scan needs in memory.
//   node bench/large.ts      needs 11 GB of disk below the peers' folder
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { writeImage } from '../interop/images.ts';
import { peers } from './images.ts';

const root = new URL('..', import.meta.url).pathname;
mkdirSync(peers, { recursive: true });
const work = mkdtempSync(join(peers, 'large-'));
const data = Buffer.alloc(10_240, 'ten kilobytes of a file. ');

/** A plain tar of `count` files, written and hashed as it is made; the layout of the image it is. */
function makeLayout(name: string, count: number): string {
  const tar = join(work, `${name}.tar`);
  const file = openSync(tar, 'w');
  const hash = createHash('sha256');
  const put = (bytes: Buffer) => {
    hash.update(bytes);
    writeSync(file, bytes);
  };
  const batch: Buffer[] = [];
  for (let i = 0; i < count; i++) {
    batch.push(header(`srv/data/${Math.floor(i / 1000)}/file-number-${i}.bin`, data.length), data);
    if (batch.length === 800) put(Buffer.concat(batch.splice(0)));
  }
  put(Buffer.concat([...batch, Buffer.alloc(1024)]));
  closeSync(file);
  const digest = hash.digest('hex');
  const layout = join(work, name);
  writeImage(layout, [{ file: tar, digest, diffId: digest }]);
  rmSync(tar);
  return layout;
}

function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(path, 0, 100);
  block.write('0000644\x000000000\x000000000\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\x0000000000000\0        0`, 124);
  block.write('ustar\x0000', 257);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

try {
  execFileSync(process.execPath, [join(root, 'scripts/bundle.ts'), join(work, 'package')], {
    stdio: 'ignore',
  });
  const figures = [1000, 1_000_000].map((count) => {
    process.stderr.write(`bench: making an image of ${count} files\n`);
    const layout = makeLayout(`files-${count}`, count);
    const started = performance.now();
    const done = spawnSync(
      '/usr/bin/time',
      [
        '-f',
        '%M',
        process.execPath,
        join(work, 'package/bin/seaworthy.cjs'),
        '--home',
        join(work, 'home'),
        'scan',
        `oci:${layout}`,
        '--format',
        'json',
        '--output',
        join(work, 'out.json'),
      ],
      { encoding: 'utf8' },
    );
    if (done.status !== 3) throw new Error(done.stderr);
    return {
      count,
      seconds: (performance.now() - started) / 1000,
      megabytes: Number(/(\d+)\s*$/.exec(done.stderr)![1]) / 1024,
    };
  });
  for (const { count, seconds, megabytes } of figures)
    process.stdout.write(
      `${count} files, ${((count * 10_752) / 1e9).toFixed(2)} GB: ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB\n`,
    );
  process.stdout.write(
    `over the small one: ${(figures[1]!.megabytes - figures[0]!.megabytes).toFixed(0)} MB (asked: 150)\n`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
