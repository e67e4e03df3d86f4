// One running image, inventoried once for ever and judged by today's advisories.
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Clock, defaultLimits, type Home, isFault, type Undecided, version } from '../core/index.ts';
import { parsePlatform } from '../image/index.ts';
import type { HttpClient } from '../net/index.ts';
import {
  type AdvisoryDatabase,
  type Inspected,
  inspectTarget,
  judgeInventory,
  type ScanProgress,
  type ScanResult,
} from '../scan/index.ts';
import { analyserVersion } from '../scan/inventory/index.ts';
import { diskResults, type ResultStore } from '../store/index.ts';
import type { Credentials } from '../transport/index.ts';
import { unproven, type Wanted } from './statusimages.ts';

export interface ScanningOptions {
  home: Home;
  http: HttpClient;
  clock: Clock;
  database: AdvisoryDatabase | undefined;
  /** Days after which a source counts as stale. */
  maxDatabaseAge: number;
  /** Sources beside the advisories that the caller's threshold rests on. */
  alsoNeeds?: readonly ('EPSS' | 'KEV')[];
  registry?: { plainHttp: boolean; realms: readonly string[] };
  env?: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  progress?: ScanProgress;
}

export type Scanned =
  /** `result` without its packages, of which only the number is kept. */
  | { result: ScanResult; packages: number; reference: string; notes: Undecided[] }
  | { problem: { code: string; message: string } };

/** `credentials`: to be tried in this order; undefined: the machine's own. */
export async function scanRunning(
  wanted: Wanted,
  credentials: readonly (Credentials | undefined)[],
  options: ScanningOptions,
): Promise<Scanned> {
  if (wanted.problem !== undefined) return { problem: wanted.problem };
  const results = diskResults(options.home.dir('results'));
  const kept =
    wanted.digest === undefined ? undefined : keptInventory(results, wanted.digest, wanted.platform);
  let problem: { code: string; message: string } | undefined;
  if (kept !== undefined) return judged(kept, wanted, wanted.references[0]!, results, options);
  for (const reference of wanted.references)
    for (const credential of credentials) {
      try {
        const inspected = await inspect(reference, wanted, credential, results, options);
        return judged(inspected, wanted, reference, results, options);
      } catch (error) {
        if (!isFault(error) || error.code === 'aborted') throw error;
        // the first says most: the pod's own name, with the credentials that came first
        problem ??= { code: error.code, message: error.message };
      }
    }
  return { problem: problem ?? { code: 'image-not-found', message: 'expected a name to ask for, got none' } };
}

async function inspect(
  reference: string,
  { platform, digest }: Wanted,
  credentials: Credentials | undefined,
  results: ResultStore,
  options: ScanningOptions,
): Promise<Inspected> {
  const { home, http, env, registry, signal, progress } = options;
  const transport = {
    home,
    http,
    ...registry,
    ...(env === undefined ? {} : { env }),
    ...(credentials === undefined ? {} : { credentials }),
  };
  const more = {
    home,
    limits: defaultLimits,
    results,
    ...(signal === undefined ? {} : { signal }),
    ...(progress === undefined ? {} : { progress }),
  };
  const target = `registry:${reference}`;
  let inspected: Inspected;
  try {
    const chosen = platform === undefined ? {} : { platform: parsePlatform(platform) };
    inspected = await inspectTarget(target, { ...more, transport: { ...transport, ...chosen } });
  } catch (error) {
    if (!isFault(error) || error.code !== 'platform-missing') throw error;
    // A single image runs on whatever node it was started on, by emulation or because its config names another one.
    inspected = await inspectTarget(target, { ...more, transport });
    if (inspected.target.indexDigest !== undefined) throw error;
  }
  if (
    digest !== undefined &&
    inspected.inventory.undecided.every(({ code }) => code !== 'target-partly-unreadable')
  )
    results.put(keyOf(digest, platform), zstdCompressSync(JSON.stringify(inspected)));
  return inspected;
}

/** By the digest that runs, the node's platform, and everything that reads it. */
function keyOf(digest: string, platform: string | undefined): string {
  const at = (platform ?? 'host').replaceAll('/', '-');
  return `inventory/${version}-${analyserVersion}/${digest.replace(':', '-')}-${at}`;
}

/** Uncompressed bytes of an inventory at most: it is ours, but it is checked like any other. */
const mostBytes = 1 << 28;

function keptInventory(
  results: ResultStore,
  digest: string,
  platform: string | undefined,
): Inspected | undefined {
  const bytes = results.get(keyOf(digest, platform));
  if (bytes === undefined) return undefined;
  try {
    const text = zstdDecompressSync(bytes, { maxOutputLength: mostBytes }).toString('utf8');
    const inspected = JSON.parse(text) as Inspected;
    const { digest: own, indexDigest } = inspected.target;
    return own === digest || indexDigest === digest ? inspected : undefined;
  } catch {
    // damaged: it is made again
    return undefined;
  }
}

function judged(
  inspected: Inspected,
  wanted: Wanted,
  reference: string,
  results: ResultStore,
  options: ScanningOptions,
): Scanned {
  const result = withFirstSeen(judgeInventory(inspected, options), results, options.clock);
  const open =
    wanted.id === undefined ? undefined : unproven(reference, wanted.id, inspected.target.configDigest);
  const notes = [...(wanted.note === undefined ? [] : [wanted.note]), ...(open === undefined ? [] : [open])];
  return { result: { ...result, packages: [] }, packages: result.packages.length, reference, notes };
}

/** A finding is as old as the first time this home had it for this digest: a new look renews no grace. */
function withFirstSeen(result: ScanResult, results: ResultStore, clock: Clock): ScanResult {
  const { digest } = result.target;
  if (digest === undefined) return result;
  const key = `since/1/${digest.replace(':', '-')}`;
  const first = firstSeen(results.get(key));
  const before = first.size;
  const now = clock.now().toISOString();
  const findings = result.findings.map((finding) => {
    const own = `${finding.id} ${finding.purl}`;
    const since = first.get(own) ?? now;
    first.set(own, since);
    return { ...finding, since };
  });
  if (first.size > before) results.put(key, Buffer.from(JSON.stringify([...first])));
  return { ...result, findings };
}

function firstSeen(bytes: Buffer | undefined): Map<string, string> {
  if (bytes === undefined) return new Map();
  try {
    const entries = JSON.parse(bytes.toString('utf8')) as [string, string][];
    return new Map(entries.filter(([, since]) => !Number.isNaN(Date.parse(since))));
  } catch {
    return new Map();
  }
}
