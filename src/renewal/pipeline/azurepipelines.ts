// Azure Pipelines: a run is started once and followed, by the published REST API 7.1 ("Pipelines": Runs, Preview).
// https://learn.microsoft.com/rest/api/azure/devops/pipelines/runs?view=azure-devops-rest-7.1
import type { HttpClient, HttpResponse } from '../../net/index.ts';
import {
  bodyAsJson,
  expectStatus,
  invalidAnswer,
  isCount,
  isObject,
  jsonOf,
  objectsIn,
  plain,
  type Service,
} from './answer.ts';
import { PipelineFault } from './fault.ts';
import { checkMapping, fillIn, idParameter, type Mapping, sampleRequest } from './parameters.ts';
import type { Pipeline, RunHandle, RunState } from './pipeline.ts';

export interface AzurePipelinesOptions {
  http: HttpClient;
  /** `https://dev.azure.com/ORGANIZATION`, or the address of a collection of a server of one's own. */
  organization: string;
  project: string;
  pipeline: number;
  pipelineVersion?: number;
  /** The default branch when left out. */
  branch?: string;
  /** Value of the Authorization header; asked for each request, so that it may change. */
  authorization(): Promise<string>;
  /** Template parameters; `renewalId`, `image`, `tag`, `stagingTag`, `base`, `baseDigest`, `platforms` when left out. */
  parameters?: Mapping;
}

/** How many of the newest runs are looked at for one that was started before a crash. */
const newest = 50;
/** The list answers with up to 10,000 runs. */
const listLength = 10_000;
const listBytes = 64 << 20;
/** Runs whose parameters are known: they never change, so each run is asked once. */
const remembered = 5_000;

/** Throws PipelineFault `pipeline-parameters`, `pipeline-unknown`. */
export function azurePipelines(options: AzurePipelinesOptions): Pipeline {
  const project = projectUrl(options);
  const runs = `${project}/_apis/pipelines/${options.pipeline}/runs`;
  const mapping = checkMapping(options.parameters, (field) => (field === 'id' ? 'renewalId' : field));
  const idName = idParameter(mapping);
  const service: Service = {
    name: `Azure Pipelines at ${new URL(project).host}`,
    login:
      'Give tokenFile a personal access token that has not expired, with Build (read & execute); or let the machine’s identity into the project.',
    names: `Check organization, project, pipeline ${options.pipeline} and branch; seen with no right to them, they are unknown too.`,
  };
  const known = new Map<number, string>();

  async function ask(url: string, signal: AbortSignal, body?: unknown): Promise<HttpResponse> {
    const version = options.pipelineVersion;
    const query = new URLSearchParams({
      ...(body === undefined || version === undefined ? {} : { pipelineVersion: String(version) }),
      'api-version': '7.1',
    });
    return options.http.request({
      url: `${url}?${query}`,
      authorization: await options.authorization(),
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      redirects: 'manual',
      signal,
      ...(body === undefined ? {} : { method: 'POST', body: Buffer.from(JSON.stringify(body)) }),
    });
  }

  async function answerOf(response: HttpResponse): Promise<Record<string, unknown>> {
    await expectStatus(service, response, [200]);
    return jsonOf(service, response);
  }

  function remember(run: number, id: string): string {
    if (known.size >= remembered) known.delete(known.keys().next().value!);
    known.set(run, id);
    return id;
  }

  /** The oldest run of the id: whoever looks, and however often, finds the same. */
  async function find(id: string, signal: AbortSignal): Promise<number | undefined> {
    const response = await ask(runs, signal);
    await expectStatus(service, response, [200]);
    const list = objectsIn(listOf(service, await bodyAsJson(service, response, listBytes)), listLength)
      .filter((run) => isCount(run['id']))
      .sort((a, b) => Number(b['id']) - Number(a['id']))
      .slice(0, newest);
    const found: number[] = [];
    for (const run of list) {
      const number = run['id'] as number;
      const has = known.get(number) ?? idOf(run['templateParameters'], idName);
      if (remember(number, has ?? (await idOfRun(number, signal))) === id) found.push(number);
    }
    return found.length === 0 ? undefined : Math.min(...found);
  }

  /** A list leaves the parameters out. Empty: it has none of that name, or was deleted meanwhile. */
  async function idOfRun(run: number, signal: AbortSignal): Promise<string> {
    const response = await ask(`${runs}/${run}`, signal);
    if (response.status !== 404) return idOf((await answerOf(response))['templateParameters'], idName) ?? '';
    await response.discard();
    return '';
  }

  const bodyOf = (parameters: Record<string, string>) => ({
    templateParameters: parameters,
    ...(options.branch === undefined
      ? {}
      : { resources: { repositories: { self: { refName: refOf(options.branch) } } } }),
  });
  const pageOf = (run: number) => `${project}/_build/results?buildId=${run}`;

  return {
    kind: 'azure-pipelines',
    async start(request, signal) {
      const before = await find(request.id, signal);
      if (before !== undefined) return { run: before };
      const response = await ask(runs, signal, bodyOf(fillIn(mapping, request)));
      if (response.status === 400) throw await parametersRefused(service, response);
      const run = (await answerOf(response))['id'];
      if (!isCount(run)) throw invalidAnswer(service, 'the id of a run', JSON.stringify(run) ?? 'none');
      remember(run, request.id);
      return { run };
    },
    async follow(handle, signal) {
      const run = runOf(handle);
      return stateOf(await answerOf(await ask(`${runs}/${run}`, signal)), pageOf(run));
    },
    // The pipelines API ends no run: that is the Builds API, where a run is the build of the same number.
    // https://learn.microsoft.com/rest/api/azure/devops/build/builds/update-build?view=azure-devops-rest-7.1
    async cancel(handle, signal) {
      const run = runOf(handle);
      if ((await answerOf(await ask(`${runs}/${run}`, signal)))['state'] === 'completed') return;
      const response = await options.http.request({
        method: 'PATCH',
        url: `${project}/_apis/build/builds/${run}?api-version=7.1`,
        authorization: await options.authorization(),
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: Buffer.from('{"status":"cancelling"}'),
        redirects: 'manual',
        signal,
      });
      await expectStatus(service, response, [200]);
      await response.discard();
    },
    async probe(signal) {
      const url = `${project}/_apis/pipelines/${options.pipeline}/preview`;
      const body = { previewRun: true, ...bodyOf(fillIn(mapping, sampleRequest)) };
      const response = await ask(url, signal, body);
      if (response.status === 400) throw await parametersRefused(service, response);
      if (typeof (await answerOf(response))['finalYaml'] !== 'string')
        throw invalidAnswer(service, 'the final YAML of a preview', 'none');
    },
  };
}

/** What a run says of itself; `url` is where people see it. */
export function stateOf(run: Record<string, unknown>, url: string): RunState {
  const { state, result } = run;
  if (state !== 'completed') return { state: 'running', text: plain(textOf(state), 80), url };
  if (result === 'succeeded') return { state: 'succeeded', url };
  return { state: 'failed', text: `the run ended as ${plain(textOf(result), 80)}`, url };
}

/** The contract says an array; the service wraps it as `{ count, value }`, as it does all its lists. */
export function listOf(service: Service, answer: unknown): unknown[] {
  const list = isObject(answer) ? answer['value'] : answer;
  if (Array.isArray(list)) return list;
  throw invalidAnswer(service, 'a list of runs', JSON.stringify(answer).slice(0, 80));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'unknown';
}

function idOf(parameters: unknown, name: string): string | undefined {
  if (!isObject(parameters) || !Object.hasOwn(parameters, name)) return undefined;
  return String(parameters[name]);
}

function runOf(handle: RunHandle): number {
  const { run } = handle;
  if (!isCount(run)) throw new Error('a handle without a run');
  return run;
}

function refOf(branch: string): string {
  return branch.startsWith('refs/') ? branch : `refs/heads/${branch}`;
}

function projectUrl({ organization, project }: AzurePipelinesOptions): string {
  const url = URL.parse(organization);
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '')
    throw new PipelineFault('pipeline-unknown', 'expected the address of an organization, got another text', {
      hint: 'Write organization as https://dev.azure.com/ORGANIZATION.',
    });
  return `${url.href.replace(/\/+$/, '')}/${encodeURIComponent(project)}`;
}

async function parametersRefused(service: Service, response: HttpResponse): Promise<PipelineFault> {
  const said = await jsonOf(service, response).catch(() => ({}) as Record<string, unknown>);
  return new PipelineFault(
    'pipeline-parameters',
    `expected ${service.name} to accept the parameters, got ${plain(textOf(said['message']), 300)}`,
    {
      hint: 'Declare the parameters in the pipeline’s YAML as deploy/pipelines/azure-pipelines.yml does, or map them with parameters.',
    },
  );
}
