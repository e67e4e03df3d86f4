// The test Job of a CronJob: made once, followed by whoever goes on, removed with its pods.
import { isFault } from '../../core/index.ts';
import type { Cluster, KubeObject } from '../kube/index.ts';
import { workloadKinds } from '../workload/index.ts';
import { testJobOf } from './cronjob.ts';
import { lineOf } from './facts.ts';
import type { RolloutRecord } from './record.ts';

/** One that is there already was made by a run that was stopped. Gives why an admission refuses it. */
export async function createTestJob(
  cluster: Cluster,
  cronJob: KubeObject,
  name: string,
  { id }: RolloutRecord,
): Promise<string | undefined> {
  try {
    await cluster.create(workloadKinds.Job, testJobOf(cronJob, name, id));
    return undefined;
  } catch (error) {
    if (!isFault(error)) throw error;
    if (error.code === 'refused') return lineOf(error.message, 1000);
    if (error.code !== 'already-exists') throw error;
    return undefined;
  }
}

/** Only ours: the label says whose it is. */
export async function removeTestJob(
  cluster: Cluster,
  namespace: string,
  name: string,
  { id }: RolloutRecord,
): Promise<void> {
  const job = await cluster.get(workloadKinds.Job, name, namespace);
  if (job?.metadata.labels?.['seaworthy.dev/test-of'] !== id) return;
  await cluster.delete(
    workloadKinds.Job,
    name,
    namespace,
    job.metadata.uid === undefined ? {} : { uid: job.metadata.uid },
  );
}
