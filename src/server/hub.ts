// The server: ledger, registry of its own, workers and HTTP API put together, and taken apart again in order.
import { type Clock, defaultLimits, type Home, systemClock } from '../core/index.ts';
import { parseReference } from '../image/index.ts';
import { enqueue, enqueueAll, type Ledger, openLedger, startWorkers, type Workers } from '../ledger/index.ts';
import {
  isLinkedImage,
  keptDocument,
  type LineageTables,
  lineageBook,
  staleOn,
  standsOn,
} from '../lineage/index.ts';
import type { HttpClient } from '../net/index.ts';
import { registryBook } from '../registry/index.ts';
import {
  createRebaser,
  createTrials,
  createWorkshop,
  type RenewalParts,
  renewalBook,
  type Workshop,
} from '../renewal/index.ts';
import { type AdvisoryDatabase, inspectTarget, openDatabase, type ScanOptions } from '../scan/index.ts';
import { diskResults } from '../store/index.ts';
import { keepRegistries, machineCredentials } from '../transport/index.ts';
import { createVerifierThread, resolveImage } from '../trust/index.ts';
import { type WatchTables, watchBook, watchTags } from '../watch/index.ts';
import { accessBook, createTokens, type Tokens } from './access/index.ts';
import { type ServerConfig, spanOf } from './config.ts';
import { type Embedded, startEmbedded } from './embedded.ts';
import { beginJudging, enqueueRejudge } from './hubadvisories.ts';
import { enqueueAge } from './hubage.ts';
import { signedFor } from './hubbegin.ts';
import { enqueueEvidence } from './hubevidence.ts';
import { fixedBy } from './hubfixes.ts';
import { enqueuePoll, hinted, hubHandlers, jobs } from './hubjobs.ts';
import type { HubParts } from './hubparts.ts';
import { pipelinesOf } from './hubpipelines.ts';
import { policyInForce } from './hubpolicy.ts';
import { probeAtStart } from './hubprobe.ts';
import { enqueueReasons } from './hubreasons.ts';
import { imageSettings, signerOf, targetsOf } from './hubsettings.ts';
import { startTelling } from './hubtelling.ts';
import { touchedTags } from './hubtouched.ts';
import type { Logger } from './log.ts';
import { orderBook, orderKey } from './orders.ts';

export interface HubOptions {
  config: ServerConfig;
  home: Home;
  http: HttpClient;
  log: Logger;
  env: NodeJS.ProcessEnv;
  clock?: Clock;
  password(): Promise<string>;
}

export interface Hub {
  parts: HubParts;
  tokens: Tokens;
  workers: Workers;
  embedded: Embedded | undefined;
  close(): Promise<void>;
}

const books = [registryBook, lineageBook, watchBook, renewalBook, accessBook, orderBook];

/** Rejects with Faults of everything it is made of; what was opened is closed then. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { config, home, log, clock = systemClock } = options;
  const closing: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const one of closing.reverse()) await one();
  };
  try {
    const ledger = await openLedger({
      url: config.database ?? `sqlite:${home.dir()}/ledger.db`,
      books,
      clock,
      log,
    });
    closing.push(() => ledger.close());
    const policy = await policyInForce(config.file(config.policy), log);
    const tokens = createTokens(ledger, clock);
    let parts: HubParts | undefined;
    const embedded = await startEmbedded({
      config,
      home,
      ledger,
      tokens,
      clock,
      onChange: ({ repository, tags, subject }) => {
        if (parts === undefined) return;
        for (const tag of tags) void hinted(parts, `${embedded?.domain}/${repository}:${tag}`);
        if (subject !== undefined) void signedFor(parts, subject);
      },
    });
    if (embedded !== undefined) closing.push(() => embedded.close());
    parts = await partsOf({ ...options, clock }, ledger, policy, embedded, closing);
    await beginWatching(parts);
    await beginJudging(parts);
    const workers = startWorkers(ledger, {
      handlers: hubHandlers(parts),
      concurrency: 12,
      // each may hold a layer's worth of files in memory
      limits: { [jobs.image]: 8 },
      backoff: (attempt) => Math.min(60_000, 500 * 2 ** Math.min(attempt, 10)) * (1 - Math.random() / 2),
      onFailure: (job, error, isLast) =>
        log.warn({ kind: job.kind, key: job.key, error, isLast }, 'a job is tried again'),
    });
    closing.push(() => workers.stop());
    const telling = startTelling(parts);
    closing.push(() => telling.stop());
    closing.push(watchPolicy(parts));
    closing.push(probeAtStart(parts));
    return { parts, tokens, workers, embedded, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function partsOf(
  options: HubOptions & { clock: Clock },
  ledger: Ledger,
  policy: HubParts['policy'],
  embedded: Embedded | undefined,
  closing: (() => Promise<void> | void)[],
): Promise<HubParts> {
  const { config, home, http, log, env, clock } = options;
  const machine = machineCredentials({ http, env });
  const credentials = embedded?.credentials(machine) ?? machine;
  const access = {
    credentials,
    ...(config.registries?.plainHttp === undefined ? {} : { plainHttp: config.registries.plainHttp }),
    ...(config.registries?.realms === undefined ? {} : { realms: config.registries.realms }),
  };
  const registries = keepRegistries({ http, clock, ...access });
  const registry = { ...access, registries };
  const place = { http, env, ...registry };
  let database: { opened: AdvisoryDatabase | undefined } | undefined;
  const advisories = () => {
    database ??= { opened: openDatabase(home) };
    return database.opened;
  };
  const maxDatabaseAge = spanOf(config.advisories?.maxAge, '2d') / 86_400_000;
  const scanning: ScanOptions = {
    home,
    limits: defaultLimits,
    transport: { http, home, ...registry },
    clock,
    database: undefined,
    maxDatabaseAge,
  };
  const registryOf = (domain: string) => registries.open(domain);
  const verifier = createVerifierThread({ idle: threadIdle });
  closing.push(() => verifier.close());
  const by = await signerOf(options);
  const rebaser = createRebaser({
    home,
    results: diskResults(home.dir('results')),
    kept: (digest) => keptDocument(ledger.read<LineageTables>(), digest),
  });
  const rebase: Workshop['rebase'] = async ({ reference, digest, base, stagingTag, consent }) => {
    const app = parseReference(reference);
    const on = parseReference(base.reference);
    const here = { registry: registryOf(app.domain), repository: app.repository };
    const below = { registry: registryOf(on.domain), repository: on.repository };
    const done = await rebaser.rebase({
      app: { ...here, digest },
      oldBase: { ...below, digest: base.from },
      newBase: { ...below, digest: base.to, name: base.reference },
      to: { ...here, stagingTag },
      permitted: consent,
      isLinked: async (platform, on) =>
        isLinkedImage(await resolveImage({ ...app, digest }, place), platform, on),
    });
    return done.digest === undefined
      ? { unproven: done.unproven ?? 'a proof is missing', proofs: done.platforms }
      : { digest: done.digest, proofs: done.platforms };
  };
  const workshop =
    by === undefined
      ? undefined
      : createWorkshop({
          home,
          http,
          clock,
          limits: defaultLimits,
          policy: () => policy.current(),
          database: advisories,
          maxDatabaseAge,
          by,
          services: { http },
          verifier,
          registry,
          rebase,
        });
  const settingsOf = (reference: string) => imageSettings(config, reference);
  const renewal: RenewalParts | undefined =
    workshop === undefined
      ? undefined
      : {
          ledger,
          clock,
          workshop,
          pipelines: pipelinesOf(config, { http, home, env, clock, credentials }),
          targets: targetsOf(config, env, { ledger, clock, key: orderKey(home).key }),
          settingsOf,
          standingOn: (base) => staleOn(ledger.read<LineageTables>(), base),
          standsOn: (reference) => standsOn(ledger.read<LineageTables>(), reference),
          tryOut: createTrials({ directory: home.dir('trials'), env }),
          fixedBy: (to, images) => fixedBy({ ledger }, to, images),
          name: config.url ?? `http://${config.listen ?? '127.0.0.1:7420'}`,
        };
  return {
    config,
    home,
    ledger,
    clock,
    log,
    http,
    policy,
    workshop,
    renewal,
    observing: {
      ledger,
      clock,
      inspect: (target) => inspectTarget(target, scanning),
      database: advisories,
      overtaken: () => ledger.write(enqueueRejudge),
    },
    registryOf,
    resolve: (reference, digest) => {
      const parsed = parseReference(reference);
      return resolveImage(digest === undefined ? parsed : { ...parsed, digest }, place);
    },
    database: advisories,
    reopenDatabase: () => {
      database?.opened?.close();
      database = undefined;
    },
    settingsOf,
  };
}

/** Tags of the configuration, and all that were watched before. */
async function beginWatching({ ledger, clock, config, settingsOf }: HubParts): Promise<void> {
  await ledger.write<WatchTables, void>(async (write) => {
    await watchTags(write, config.watch?.images ?? [], 'image');
    const rows = await write.selectFrom('watch_tags').select('reference').execute();
    for (const { reference } of rows) {
      await enqueuePoll(write, reference);
      if (settingsOf(reference)?.maxAge !== undefined) await enqueueAge(write, reference);
    }
    // another policy, or other advisories, while the server was down
    await enqueueReasons(write);
    await enqueueEvidence(write, clock.now().getTime());
    if (config.advisories?.update !== false)
      await enqueue(write, { kind: jobs.update, key: 'all', payload: {}, attempts: 1_000_000 });
  });
}

/** Ms without work after which a thread gives its memory back. */
const threadIdle = 30_000;

const policyEvery = 2_000;

/** Another policy: what it may touch is judged anew. */
function watchPolicy(parts: HubParts): () => void {
  const timer = setInterval(() => {
    const before = parts.policy.current();
    void parts.policy
      .refresh()
      .then(async (isOther) => {
        if (!isOther) return;
        parts.log.info({ policy: parts.policy.current().name }, 'another policy is in force');
        await parts.ledger.write<WatchTables, void>(async (write) => {
          const touched = await touchedTags(write, before, parts.policy.current());
          const verdicts = touched.map((reference) => ({ key: reference, payload: { reference } }));
          await enqueueAll(write, jobs.verdict, verdicts);
          await enqueueReasons(write);
        });
      })
      .catch((error) => parts.log.warn({ error }, 'the policy could not be followed'));
  }, policyEvery);
  timer.unref();
  return () => clearInterval(timer);
}
