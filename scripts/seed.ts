// Makes data/seed.db.zst, the database of a first scan without a network, from ../shared/data: the same bytes each time.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, zstdCompressSync } from 'node:zlib';
import { fixedClock } from '../src/core/index.ts';
import { makeSeed } from '../src/scan/advisory/index.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = join(root, '..', 'shared', 'data');
const folder = mkdtempSync(join(tmpdir(), 'seed-'));
try {
  const file = join(folder, 'seed.db');
  const report = await makeSeed({
    file,
    from: join(shared, 'osv'),
    ecosystems: ['Debian', 'Alpine', 'AlmaLinux', 'npm', 'PyPI', 'Maven', 'Go', 'crates.io', 'NuGet'],
    keeps: (ecosystem) =>
      ecosystem === 'Debian:12' ||
      ecosystem === 'AlmaLinux:9' ||
      ecosystem === 'AlmaLinux:10' ||
      /^Alpine:v3\.(1[89]|[2-9]\d)$/.test(ecosystem) ||
      !/^(Debian|Alpine|AlmaLinux):/.test(ecosystem),
    epss: join(shared, 'epss', 'epss_scores-2026-08-16.csv.gz'),
    kev: join(shared, 'kev', 'known_exploited_vulnerabilities.json'),
    acceptShrink: [],
    clock: fixedClock('2026-01-01T00:00:00Z'),
    fetch: () => Promise.reject(new Error('the seed is made from a directory')),
  });
  const bytes = readFileSync(file);
  const packed = zstdCompressSync(bytes, {
    params: {
      [constants.ZSTD_c_compressionLevel]: 19,
      [constants.ZSTD_c_enableLongDistanceMatching]: 1,
      [constants.ZSTD_c_windowLog]: 25,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
  mkdirSync(join(root, 'data'), { recursive: true });
  writeFileSync(join(root, 'data', 'seed.db.zst'), packed);
  for (const feed of report.feeds) console.log(`${feed.name}: ${feed.added} records`);
  console.log(`${bytes.length} bytes, packed ${packed.length}, revision ${report.revision}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
