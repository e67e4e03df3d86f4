// A CronJob by the next Job it makes, or by a test Job of ours.
import type { KubeObject } from '../kube/index.ts';
import { imagesOf, workloadKinds } from '../workload/index.ts';
import { conditionOf, lineOf, mapOf, textOf } from './facts.ts';
import { isOfDigest, type Judgement, judgeCommon, type Seen, type Target } from './judgement.ts';
import { badEnd } from './trouble.ts';

export function judgeCronJob(seen: Seen, target: Target): Judgement {
  const common = judgeCommon(seen, target);
  if (common !== undefined) return common;
  // the way back only changes a template: what runs next is made from it
  if (target.way === 'good') return { state: 'done', text: 'its next Job runs the last good digest' };
  const jobs = seen.jobs.filter((job) =>
    imagesOf(job, workloadKinds.Job).images.some(({ image }) => image.endsWith(`@${target.digest}`)),
  );
  for (const job of jobs) {
    const failed = conditionOf(mapOf(job.status), 'Failed');
    if (failed?.['status'] !== 'True') continue;
    const pod = seen.pods.flatMap((one) => (isOfDigest(one, target.digest) ? (badEnd(one) ?? []) : []))[0];
    const why = `${lineOf(textOf(failed, 'message'))}${pod === undefined ? '' : `; ${pod}`}`;
    return { state: 'failed', text: `Job ${job.metadata.name} failed: ${why}` };
  }
  const done = jobs.find((job) => conditionOf(mapOf(job.status), 'Complete')?.['status'] === 'True');
  if (done !== undefined) return { state: 'done', text: `Job ${done.metadata.name} completed` };
  const going = jobs[0]?.metadata.name;
  return { state: 'going', text: going === undefined ? 'waiting for its next Job' : `Job ${going} runs` };
}

/** Removes itself when everything else has failed; seconds. */
const afterLife = 300;

/** A Job as the CronJob would make it, under our name; nobody's child, so that the CronJob does not count it. */
export function testJobOf(cronJob: KubeObject, name: string, id: string): KubeObject {
  const template = mapOf(mapOf(cronJob.spec)['jobTemplate']);
  const metadata = mapOf(template['metadata']);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...(cronJob.metadata.namespace === undefined ? {} : { namespace: cronJob.metadata.namespace }),
      labels: { ...(mapOf(metadata['labels']) as Record<string, string>), 'seaworthy.dev/test-of': id },
      annotations: {
        ...(mapOf(metadata['annotations']) as Record<string, string>),
        'cronjob.kubernetes.io/instantiate': 'manual',
      },
    },
    spec: { ...structuredClone(mapOf(template['spec'])), ttlSecondsAfterFinished: afterLife },
  };
}

/** At most 63 characters, as a Job's name becomes a label: `cleanup-seaworthy-1a2b3c4d`. */
export function testJobName(cronJob: string, id: string): string {
  return `${cronJob.slice(0, 40).replace(/[^a-z0-9]+$/, '')}-seaworthy-${id.slice(0, 8)}`;
}
