// TARGET in, result out: the walk that design.md calls "How a scan walks".
import { readFileSync } from 'node:fs';
import {
  type Clock,
  type Home,
  isFault,
  type Limits,
  messageOf,
  type Undecided,
  undecided,
  version,
} from '../core/index.ts';
import { baseLayers, claimedBase, formatPlatform } from '../image/index.ts';
import { diskResults, type ResultStore } from '../store/index.ts';
import { type ImageTarget, type OpenOptions, openTarget, type Target } from '../transport/index.ts';
import type { AdvisoryDatabase, SourceInfo } from './advisory/index.ts';
import { databaseAge } from './database.ts';
import { inspectImage, windowsImage } from './inspect.ts';
import { type Inventory, inspectRoot } from './inventory/index.ts';
import {
  applyVex,
  type DatabaseStatement,
  type Finding,
  match,
  type ScannedTarget,
  type ScanResult,
  type Suppression,
  Suppressor,
  type VexStatement,
} from './match/index.ts';
import { type Distribution, distributionOf } from './package/index.ts';
import type { ScanProgress } from './progress.ts';

export interface InspectTargetOptions {
  home: Home;
  limits: Limits;
  transport: OpenOptions;
  /** A base to compare with, instead of the one the image names. */
  base?: string;
  /** Default: results kept in the home. */
  results?: ResultStore;
  threads?: number;
  signal?: AbortSignal;
  progress?: ScanProgress;
}

export interface ScanOptions extends InspectTargetOptions {
  clock: Clock;
  database: AdvisoryDatabase | undefined;
  /** Days after which a source counts as stale. */
  maxDatabaseAge: number;
  suppressions?: readonly Suppression[];
  vex?: readonly VexStatement[];
  /** Sources beside the advisories that the caller's threshold rests on. */
  alsoNeeds?: readonly ('EPSS' | 'KEV')[];
}

export interface Inspected {
  target: ScannedTarget;
  inventory: Inventory;
}

/** What is in a TARGET, without a word on advisories. Throws Faults of transport and image. */
export async function inspectTarget(target: string, options: InspectTargetOptions): Promise<Inspected> {
  options.progress?.stage(`opening ${target}`);
  const opened = await openTarget(target, options.transport);
  try {
    return await inspectOpened(target, opened, options);
  } finally {
    await opened.close();
  }
}

async function inspectOpened(
  target: string,
  opened: Target,
  options: InspectTargetOptions,
): Promise<Inspected> {
  if (opened.kind === 'root') {
    const inventory = await inspectRoot(opened.root, {
      limits: options.limits,
      ...(options.signal ? { signal: options.signal } : {}),
      onFiles: (count) => options.progress?.files(count),
    });
    return { target: { target, kind: 'root', from: 'dir', reference: opened.root, layers: [] }, inventory };
  }
  if (opened.kind === 'sbom') {
    const { parseSbom } = await import('./sbom/index.ts');
    const { inventory, reference, digest } = parseSbom(
      readFileSync(opened.path),
      opened.path,
      options.limits,
    );
    return {
      target: { target, kind: 'sbom', from: 'sbom', reference, ...(digest ? { digest } : {}), layers: [] },
      inventory,
    };
  }
  const results = options.results ?? diskResults(options.home.dir('results'));
  const base = await provenBase(opened, options);
  const inventory =
    opened.platform.os === 'windows'
      ? { packages: [], unattributed: [], unownedExecutables: 0, undecided: [windowsImage(opened)] }
      : await inspectImage(opened, { ...options, results, ...(base ? { baseLayers: base.layers } : {}) });
  return { target: imageTarget(target, opened, base), inventory };
}

/** Only diffIDs prove a base; one that cannot be read, or is not a prefix, leaves every layer `unknown`. */
async function provenBase(image: ImageTarget, options: InspectTargetOptions): Promise<ScannedTarget['base']> {
  const reference = options.base ?? claimedBase(image.annotations, image.config.labels);
  if (reference === undefined) return undefined;
  try {
    options.progress?.stage(`reading base ${reference}`);
    const named = options.base === undefined ? `registry:${reference}` : reference;
    const opened = await openTarget(named, { ...options.transport, platform: image.platform });
    try {
      if (opened.kind !== 'image') return undefined;
      const layers = baseLayers(image.config.diffIds, opened.config.diffIds);
      if (layers === undefined) return undefined;
      return { reference, ...(opened.digest ? { digest: opened.digest } : {}), layers };
    } finally {
      await opened.close();
    }
  } catch (error) {
    // A base named by the user must be there; one that the image claims may be long gone.
    if (options.base !== undefined || !isFault(error)) throw error;
    options.progress?.stage(`base ${reference} could not be read: ${messageOf(error)}`);
    return undefined;
  }
}

function imageTarget(target: string, image: ImageTarget, base: ScannedTarget['base']): ScannedTarget {
  const commands = image.config.history.filter((entry) => !entry.emptyLayer).map((entry) => entry.createdBy);
  const told = commands.length === image.layers.length;
  return {
    target,
    kind: 'image',
    from: image.from,
    reference: image.reference,
    ...(image.digest ? { digest: image.digest } : {}),
    ...(image.indexDigest ? { indexDigest: image.indexDigest } : {}),
    configDigest: image.configDigest,
    platform: formatPlatform(image.platform),
    layers: image.layers.map((layer, i) => ({
      digest: layer.digest,
      diffId: image.config.diffIds[i]!,
      size: layer.size,
      introducedBy: base === undefined ? 'unknown' : i < base.layers ? 'base' : 'app',
      ...(told && commands[i] ? { createdBy: commands[i] } : {}),
    })),
    ...(base ? { base } : {}),
  };
}

/** The whole of it: what is in the target, what is wrong with it, what could not be decided. */
export async function scan(target: string, options: ScanOptions): Promise<ScanResult> {
  const inspected = await inspectTarget(target, options);
  options.progress?.stage(`matching ${inspected.inventory.packages.length} packages`);
  return judgeInventory(inspected, options);
}

/** Judges an inventory by today's advisories: also for one that was taken long ago. */
export function judgeInventory(
  { target, inventory }: Inspected,
  options: Pick<ScanOptions, 'clock' | 'database' | 'maxDatabaseAge' | 'suppressions' | 'vex' | 'alsoNeeds'>,
): ScanResult {
  const now = options.clock.now();
  const image = { reference: target.reference, ...(target.digest ? { digest: target.digest } : {}) };
  const suppressor = new Suppressor(options.suppressions ?? [], now);
  const os = inventory.osRelease ? distributionOf(inventory.osRelease) : undefined;
  const { database } = options;
  const windows = inventory.undecided.some((entry) => entry.code === 'windows-image');
  const matched =
    database === undefined || windows
      ? { findings: [], plan: [], sources: [], undecided: [] }
      : match(inventory, database, now, (finding) =>
          suppressor.apply(applyVex(finding, options.vex ?? [], image)),
        );
  return {
    schemaVersion: 1,
    tool: { name: 'seaworthy', version },
    scannedAt: now.toISOString(),
    target,
    ...(os ? { distribution: named(os) } : {}),
    packages: inventory.packages,
    findings: matched.findings,
    plan: matched.plan,
    undecided: once([
      ...inventory.undecided,
      ...matched.undecided,
      ...inventory.unattributed.map((item) =>
        undecided(
          'unattributed-executable',
          `/${item.path} is ${item.name}, but no package says which version`,
          {
            subject: item.path,
          },
        ),
      ),
      ...unknownFindings(matched.findings),
      ...(database ? staleSources(database, matched.sources, options) : [databaseMissing()]),
    ]),
    sources: matched.sources,
    ...(database ? { database: statementOf(database, options.clock) } : {}),
    executables: { unattributed: inventory.unattributed, unowned: inventory.unownedExecutables },
    suppressions: { expired: suppressor.expired(), unused: suppressor.unused() },
  };
}

function named({ id, name, release, ecosystem }: Distribution): NonNullable<ScanResult['distribution']> {
  return { id, name, release, ...(ecosystem ? { ecosystem } : {}) };
}

function statementOf(database: AdvisoryDatabase, clock: Clock): DatabaseStatement {
  return {
    revision: database.revision,
    isSeed: database.isSeed,
    sources: database.sources().map((source) => {
      const ageDays = ageOf(source, clock);
      return { ...source, ...(ageDays === undefined ? {} : { ageDays }) };
    }),
  };
}

function staleSources(
  database: AdvisoryDatabase,
  used: ScanResult['sources'],
  options: Pick<ScanOptions, 'clock' | 'maxDatabaseAge' | 'alsoNeeds'>,
): Undecided[] {
  const needed = new Set([
    ...used.map((source) => source.ecosystem.split(':')[0]!),
    ...(options.alsoNeeds ?? []),
  ]);
  const sources = database.sources();
  const absent = (options.alsoNeeds ?? []).filter((name) => !sources.some((source) => source.name === name));
  const missing = absent.map((name) =>
    undecided('database-missing', `there is no ${name} data, so a threshold on it cannot be judged`, {
      subject: name,
      hint: 'seaworthy db update',
    }),
  );
  const stale = sources.flatMap((source) => {
    const age = ageOf(source, options.clock);
    if (!needed.has(source.name) || (age !== undefined && age <= options.maxDatabaseAge)) return [];
    const which = source.kind === 'seed' ? `the seed database's ${source.name} data` : `${source.name} data`;
    const old =
      age === undefined
        ? 'was never checked'
        : `is ${Math.floor(age)} days old, older than ${options.maxDatabaseAge}`;
    return [
      undecided('database-stale', `${which} ${old}: newer flaws are missing`, {
        subject: source.name,
        hint: 'seaworthy db update',
      }),
    ];
  });
  return [...missing, ...stale];
}

/** Days. */
function ageOf(source: SourceInfo, clock: Clock): number | undefined {
  const age = databaseAge(source, clock);
  return age === undefined ? undefined : age / 86_400_000;
}

/** The same sentence of several places is said once. */
function once(entries: readonly Undecided[]): Undecided[] {
  const said = new Map<string, Undecided>();
  for (const entry of entries) {
    const key = `${entry.code} ${entry.message}`;
    if (!said.has(key)) said.set(key, entry);
  }
  return [...said.values()];
}

function unknownFindings(findings: readonly Finding[]): Undecided[] {
  return findings
    .filter((finding) => finding.state === 'unknown' && finding.suppressed === undefined)
    .map((finding) =>
      undecided(
        'finding-unknown',
        `${finding.id} in ${finding.name} ${finding.version}: ${finding.state === 'unknown' ? finding.reason : ''}`,
        {
          subject: finding.purl,
        },
      ),
    );
}

function databaseMissing(): Undecided {
  return undecided('database-missing', 'there is no advisory database, so nothing was judged', {
    hint: 'seaworthy db update',
  });
}
