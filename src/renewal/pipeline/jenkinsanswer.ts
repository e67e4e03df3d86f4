// What a Jenkins says of a job, its queue and its builds, read without believing it (hudson.model.Api, as JSON).
import { isCount, isObject, objectsIn, plain } from './answer.ts';
import type { RunState } from './pipeline.ts';

/** How many of the newest builds, and of what is queued, are looked at for a renewal's. */
export const newestBuilds = 100;
const mostQueued = 10_000;

export const jobTree = `buildable,property[parameterDefinitions[name]],builds[number,actions[parameters[name,value]]]{0,${newestBuilds}}`;
export const queueTree = 'items[id,task[url],actions[parameters[name,value]]]';
export const itemTree = 'cancelled,why,executable[number]';
export const buildTree = 'building,result,number';

export interface JenkinsJob {
  isBuildable: boolean;
  parameters: string[];
  builds: unknown;
}

export function jobOf(answer: Record<string, unknown>): JenkinsJob {
  const definitions = objectsIn(answer['property'], 1000).flatMap((one) =>
    objectsIn(one['parameterDefinitions'], 1000),
  );
  return {
    isBuildable: answer['buildable'] === true,
    parameters: definitions.flatMap(({ name }) => (typeof name === 'string' ? [name] : [])),
    builds: answer['builds'],
  };
}

/** Number of the oldest build that was started with the parameter. */
export function buildWith(builds: unknown, name: string, value: string): number | undefined {
  const numbers = objectsIn(builds, newestBuilds)
    .filter((build) => hasParameter(build, name, value))
    .flatMap(({ number }) => (isCount(number) ? [number] : []));
  return numbers.length === 0 ? undefined : Math.min(...numbers);
}

/** Id of the item in the queue that was put there with the parameter, for the job. */
export function itemWith(
  queue: Record<string, unknown>,
  job: string,
  name: string,
  value: string,
): number | undefined {
  const ids = objectsIn(queue['items'], mostQueued)
    .filter((item) => isTask(item['task'], job) && hasParameter(item, name, value))
    .flatMap(({ id }) => (isCount(id) ? [id] : []));
  return ids.length === 0 ? undefined : Math.min(...ids);
}

/** By the end of the path: the host is what the Jenkins believes its own name to be. */
function isTask(task: unknown, job: string): boolean {
  const url = isObject(task) && typeof task['url'] === 'string' ? URL.parse(task['url']) : null;
  return url !== null && `/${decoded(url.pathname).replace(/\/+$/, '')}`.endsWith(`/${decoded(job)}`);
}

/** The two sides need not agree on which letters are written with a percent sign. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function hasParameter(one: Record<string, unknown>, name: string, value: string): boolean {
  return objectsIn(one['actions'], 1000)
    .flatMap((action) => objectsIn(action['parameters'], 1000))
    .some((parameter) => parameter['name'] === name && parameter['value'] === value);
}

/** Of `Location: …/queue/item/N/` only the number is taken: a proxy that is set up wrong names another host. */
export function itemOfLocation(location: string | undefined): number | undefined {
  const path = URL.parse(location ?? '', 'http://jenkins.invalid')?.pathname ?? '';
  const number = Number(/\/queue\/item\/(\d{1,15})\/?$/.exec(path)?.[1]);
  return isCount(number) ? number : undefined;
}

export type JenkinsItem = { build: number } | { waits: string } | { isCancelled: true };

export function itemOf(answer: Record<string, unknown>): JenkinsItem {
  if (answer['cancelled'] === true) return { isCancelled: true };
  const { executable, why } = answer;
  const number = isObject(executable) ? executable['number'] : undefined;
  if (isCount(number)) return { build: number };
  return { waits: typeof why === 'string' ? plain(why, 200) : 'in the queue' };
}

/**
 * `unended`: it does not run and has no result: a restart broke it off, or the answer came between the two. Only
 * SUCCESS is a success: UNSTABLE is a build whose tests failed (hudson.model.Result).
 */
export function buildOf(answer: Record<string, unknown>, url: string): RunState | 'unended' {
  const { building, result } = answer;
  if (building === true) return { state: 'running', text: 'it builds', url };
  if (result === 'SUCCESS') return { state: 'succeeded', url };
  if (typeof result !== 'string') return 'unended';
  return { state: 'failed', text: `the build ended as ${plain(result, 40)}`, url };
}
