// What runs in one or several clusters, and how it stands today: each image once, each workload with its verdict.
import { createVerifierThread } from '../trust/index.ts';
import { rememberingAway } from './awayhosts.ts';
import { eachOf } from './lanes.ts';
import type { ClusterStatus, StatusOptions } from './statusanswer.ts';
import { imageStatus } from './statusimage.ts';
import { type Wanted, wantedOf } from './statusimages.ts';
import { judgeWith } from './statusjudge.ts';
import { lookAt } from './statuslook.ts';
import { machineOf, PullSecretsOf } from './statuspulls.ts';
import { type Scanned, scanRunning } from './statusscan.ts';

/** Images that are read and judged at once. */
const atOnce = 2;

/** Throws what is a bug or an abort; everything that is away is named in the answer. */
export async function clusterStatus(given: StatusOptions): Promise<ClusterStatus> {
  const options = { ...given, http: rememberingAway(given.http) };
  const { clock, database, progress } = options;
  const at = clock.now().getTime();
  const looks = await Promise.all(options.clusters.map((cluster) => lookAt(cluster, options)));
  const wanted = new Map<string, Wanted>();
  for (const { status, found } of looks)
    for (const row of found) {
      const one = wantedOf(row);
      const known = wanted.get(one.key) ?? one;
      if (known.pulls.length < 20)
        known.pulls.push({ context: status.context, namespace: row.namespace, pulling: row.pulling });
      wanted.set(one.key, known);
    }
  const clusters = new Map(
    looks.flatMap(({ status, cluster }) => (cluster ? [[status.context, cluster]] : [])),
  );
  const pulls = new PullSecretsOf(clusters, options.pullSecrets === true, machineOf(options));
  const scanned = new Map<string, Scanned>();
  let done = 0;
  await eachOf([...wanted.values()], atOnce, async (one) => {
    progress?.stage(`image ${++done} of ${wanted.size}: ${one.references[0] ?? one.key}`);
    scanned.set(one.key, await scanRunning(one, await pulls.credentialsFor(one), options));
  });
  const thread = createVerifierThread();
  try {
    const judge = judgeWith(options, scanned, thread.verify, pulls, at);
    const asked = looks.flatMap((look) =>
      look.policy === undefined ? [] : look.found.map((row, i) => ({ look, row, i })),
    );
    let judged = 0;
    await eachOf(asked, atOnce * 4, async ({ look, row, i }) => {
      progress?.stage(`judging ${++judged} of ${asked.length}`);
      look.status.running[i]!.verdict = await judge(look, row);
    });
  } finally {
    await thread.close();
    await Promise.all([...clusters.values()].map((cluster) => cluster.close()));
  }
  return {
    at,
    contexts: looks.map(({ status }) => status),
    images: [...wanted.values()].map((one) => imageStatus(one, scanned.get(one.key)!)),
    ...(database === undefined ? {} : { database: { revision: database.revision, isSeed: database.isSeed } }),
  };
}
