// A Jenkins job: queued once with its parameters, followed from the queue into its build and to the end.
// https://www.jenkins.io/doc/book/using/remote-access-api/ and the source it describes: ParameterizedJobMixIn and
// ParametersDefinitionProperty (201 and the queue item's path; 409 when disabled; a parameter that the job does not
// define is dropped without a word), Queue.schedule2 (equal parameters of a queued item are that item; what left the
// queue is known for five minutes).
import type { Clock } from '../../core/index.ts';
import { expectStatus, isCount, plain } from './answer.ts';
import { PipelineFault } from './fault.ts';
import {
  buildOf,
  buildTree,
  buildWith,
  itemOf,
  itemOfLocation,
  itemTree,
  itemWith,
  type JenkinsJob,
  jobOf,
  jobTree,
  newestBuilds,
  queueTree,
} from './jenkinsanswer.ts';
import { type JenkinsAccess, jenkinsClient } from './jenkinsclient.ts';
import { checkMapping, fillIn, idParameter, type Mapping } from './parameters.ts';
import type { Pipeline, RunHandle, RunState } from './pipeline.ts';

export interface JenkinsOptions extends JenkinsAccess {
  clock: Clock;
  /** `FOLDER/JOB` */
  job: string;
  /** Build parameters; `RENEWAL_ID`, `IMAGE`, `TAG`, `STAGING_TAG`, `BASE`, … when left out. */
  parameters?: Mapping;
}

/** Small enough for the record; `missing` since: ms at which the Jenkins did not know it for the first time. */
interface Handle {
  id: string;
  item?: number;
  build?: number;
  missing?: number;
}

/** How long a run must be unknown before it is given up: a Jenkins that restarts reads its builds one by one. */
const patience = 60_000;

/** Throws PipelineFault `pipeline-parameters`, `pipeline-unknown`. */
export function jenkins(options: JenkinsOptions): Pipeline {
  const client = jenkinsClient(options);
  const { service, url } = client;
  const mapping = checkMapping(options.parameters, (field) =>
    field === 'id' ? 'RENEWAL_ID' : field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
  );
  const idName = idParameter(mapping);
  const job = jobPath(options.job);
  const pageOf = (build: number) => `${url}/${job}/${build}/`;

  async function readJob(signal: AbortSignal): Promise<JenkinsJob> {
    const answer = await client.read(`${job}/api/json?tree=${jobTree}`, signal);
    if (answer !== undefined) return jobOf(answer);
    throw new PipelineFault(
      'pipeline-unknown',
      `expected a job ${options.job} in ${service.name}, got none`,
      {
        hint: service.names,
      },
    );
  }

  /** A job drops what it does not define, and what it drops we could not find again. */
  function checkJob({ isBuildable, parameters }: JenkinsJob, names: readonly string[]): void {
    if (!isBuildable)
      throw new PipelineFault('pipeline-refused', `expected a job that builds, got ${options.job} disabled`, {
        hint: 'Enable the job in Jenkins.',
      });
    const missing = names.filter((name) => !parameters.includes(name));
    if (missing.length > 0)
      throw new PipelineFault(
        'pipeline-parameters',
        `expected ${options.job} to define ${names.join(', ')}, got it without ${missing.join(', ')}`,
        {
          hint: 'Define them as deploy/pipelines/Jenkinsfile does; a Jenkinsfile’s parameters are known after its first build.',
        },
      );
  }

  /** The queue first: what leaves it meanwhile is among the builds by then. */
  async function find(id: string, signal: AbortSignal): Promise<{ found?: Handle; job: JenkinsJob }> {
    const queue = (await client.read(`queue/api/json?tree=${queueTree}`, signal)) ?? {};
    const item = itemWith(queue, job, idName, id);
    const read = await readJob(signal);
    const build = buildWith(read.builds, idName, id);
    if (build !== undefined) return { found: { id, build }, job: read };
    return { ...(item === undefined ? {} : { found: { id, item } }), job: read };
  }

  /** Neither queued nor built, twice and a while apart. */
  function lost(handle: Handle, text: string): RunState {
    const now = options.clock.now().getTime();
    const { missing = now } = handle;
    if (now - missing < patience)
      return { state: 'running', text: `${text}; it is looked for again`, handle: { ...handle, missing } };
    return { state: 'failed', text };
  }

  async function followItem(handle: Handle, signal: AbortSignal): Promise<RunState> {
    const answer =
      handle.item === undefined
        ? undefined
        : await client.read(`queue/item/${handle.item}/api/json?tree=${itemTree}`, signal);
    if (answer !== undefined) {
      const item = itemOf(answer);
      if ('isCancelled' in item) return { state: 'failed', text: 'it was cancelled in the queue' };
      if ('waits' in item) return { state: 'running', text: item.waits };
      const found: Handle = { id: handle.id, build: item.build };
      return { state: 'running', text: 'it builds', url: pageOf(item.build), handle: { ...found } };
    }
    const { found } = await find(handle.id, signal);
    if (found !== undefined) return { state: 'running', text: 'it was found again', handle: { ...found } };
    return lost(
      handle,
      `Jenkins knows no queue item and none of the newest ${newestBuilds} builds with ${idName}=${plain(handle.id, 80)}: a restart, or a person, removed it`,
    );
  }

  async function stop(handle: Handle, signal: AbortSignal): Promise<void> {
    if (handle.build !== undefined) {
      const answer = await client.read(`${job}/${handle.build}/api/json?tree=${buildTree}`, signal);
      if (answer?.['building'] !== true) return;
      const response = await client.post(`${job}/${handle.build}/stop`, {}, signal);
      await expectStatus(service, response, [200, 201, 204, 302, 303, 404]);
      return response.discard();
    }
    if (handle.item === undefined) return;
    const response = await client.post('queue/cancelItem', { id: String(handle.item) }, signal);
    await expectStatus(service, response, [200, 204, 302, 303, 404]);
    await response.discard();
  }

  return {
    kind: 'jenkins',
    async start(request, signal) {
      const { found, job: read } = await find(request.id, signal);
      if (found !== undefined) return { ...found };
      checkJob(read, [idName]);
      const response = await client.post(`${job}/buildWithParameters`, fillIn(mapping, request), signal);
      if (response.status === 409) checkJob({ ...read, isBuildable: false }, []);
      const item = itemOfLocation(response.header('location'));
      if (response.status < 300 || response.status === 303 || item !== undefined) {
        await response.discard();
        // without a number it is found by its id
        return { id: request.id, ...(item === undefined ? {} : { item }) };
      }
      if (response.status === 302 && !/login|securityRealm/i.test(response.header('location') ?? ''))
        throw new PipelineFault(
          'pipeline-failed',
          `expected ${service.name} to queue it, got that it did not`,
          {
            hint: 'It is asked again; Jenkins’ log says which plugin refuses builds.',
          },
        );
      await expectStatus(service, response, [201]);
      throw new Error('a status that is no answer');
    },
    async follow(given, signal) {
      const handle = handleOf(given);
      if (handle.build === undefined) return followItem(handle, signal);
      const answer = await client.read(`${job}/${handle.build}/api/json?tree=${buildTree}`, signal);
      if (answer === undefined) return lost(handle, `build ${handle.build} is not there any more`);
      const look = buildOf(answer, pageOf(handle.build));
      return look === 'unended'
        ? lost(handle, `build ${handle.build} ended without a result: Jenkins was restarted under it`)
        : look;
    },
    async cancel(given, signal) {
      const handle = handleOf(given);
      await stop(handle, signal);
      if (handle.build !== undefined) return;
      // it may have left the queue before it was cancelled there
      const { found } = await find(handle.id, signal);
      if (found?.build !== undefined) await stop(found, signal);
    },
    async probe(signal) {
      checkJob(await readJob(signal), Object.keys(mapping));
    },
  };
}

function handleOf(given: RunHandle): Handle {
  const { id, item, build, missing } = given;
  if (typeof id !== 'string') throw new Error('a handle without an id');
  return {
    id,
    ...(isCount(item) ? { item } : {}),
    ...(isCount(build) ? { build } : {}),
    ...(isCount(missing) ? { missing } : {}),
  };
}

/** `A/B` is `job/A/job/B`. */
function jobPath(job: string): string {
  const parts = job.replace(/^\/+|\/+$/g, '').split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..'))
    throw new PipelineFault('pipeline-unknown', `expected FOLDER/JOB, got ${plain(job, 80)}`, {
      hint: 'Write job as the full name that Jenkins shows for it.',
    });
  return parts.map((part) => `job/${encodeURIComponent(part)}`).join('/');
}
