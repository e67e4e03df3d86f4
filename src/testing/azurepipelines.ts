// Azure Pipelines for tests: runs in memory behind the REST API 7.1, every request and answer held against the
// published description (testdata/pipeline, from MicrosoftDocs/vsts-rest-api-specs).
import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

interface Json {
  [key: string]: Json;
}

const contractFile = new URL('../../testdata/pipeline/azure-pipelines-7.1.json', import.meta.url);

export interface AzureRun {
  id: number;
  name: string;
  state: 'inProgress' | 'canceling' | 'completed';
  result?: 'succeeded' | 'failed' | 'canceled';
  createdDate: string;
  templateParameters: Record<string, string>;
}

export interface AzurePipelinesOptions {
  /** Parameters that the pipeline's YAML declares. */
  parameters: readonly string[];
  token: string;
  pipeline: number;
}

export class AzurePipelines {
  readonly runs: AzureRun[] = [];
  /** `POST /org/project/…`, in order. */
  readonly requests: string[] = [];
  /** What broke the published description; a test ends with none. */
  readonly violations: string[] = [];
  /** Answers the next requests instead; taken from the front. */
  readonly instead: RequestListener[] = [];
  /** Called once a run is recorded, before its answer is sent. */
  started: (run: AzureRun) => void | Promise<void> = () => {};
  readonly #options: AzurePipelinesOptions;
  readonly #contract = createContract();

  constructor(options: AzurePipelinesOptions) {
    this.#options = options;
  }

  finish(id: number, result: NonNullable<AzureRun['result']>): void {
    Object.assign(this.runs.find((run) => run.id === id)!, { state: 'completed', result });
  }

  readonly handler: RequestListener = (request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      this.violations.push(String(error));
      response.destroy();
    });
  };

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    const url = new URL(request.url!, 'http://127.0.0.1');
    const text = (await request.toArray()).join('');
    this.requests.push(`${method} ${url.pathname}`);
    const other = this.instead.shift();
    if (other !== undefined) return other(request, response);
    const login = `Basic ${Buffer.from(`:${this.#options.token}`).toString('base64')}`;
    if (request.headers.authorization !== login) {
      response.writeHead(203, { 'content-type': 'text/html' }).end('<html><title>Sign In</title></html>');
      return;
    }
    const send = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(value));
    };
    const build = /\/_apis\/build\/builds\/(\d+)$/.exec(url.pathname);
    if (method === 'PATCH' && build !== null) {
      // the Builds API is not part of the description
      const run = this.runs.find(({ id }) => id === Number(build[1]));
      if (run?.state === 'inProgress') run.state = 'canceling';
      return send(200, { id: Number(build[1]), status: 'cancelling' });
    }
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const checks = this.#contract.request(method, url, body);
    this.violations.push(...checks.problems);
    const answered = await this.#operation(checks, body as Json | undefined);
    if (answered.status === 200) this.violations.push(...this.#contract.answer(checks, answered.value));
    // every list of the service is wrapped so
    const isList = Array.isArray(answered.value);
    send(
      answered.status,
      isList ? { count: (answered.value as unknown[]).length, value: answered.value } : answered.value,
    );
  }

  async #operation(
    { id, path }: Checked,
    body: Json | undefined,
  ): Promise<{ status: number; value: unknown }> {
    const missing = (what: string) => ({ status: 404, value: { message: `${what} does not exist.` } });
    if (Number(path['pipelineId']) !== this.#options.pipeline) return missing('The pipeline');
    if (id === 'Runs_List')
      return { status: 200, value: this.runs.map(({ templateParameters: _, ...run }) => run) };
    if (id === 'Runs_Get') {
      const run = this.runs.find((one) => one.id === Number(path['runId']));
      return run === undefined ? missing('The run') : { status: 200, value: run };
    }
    const given = (body?.['templateParameters'] ?? {}) as unknown as Record<string, string>;
    const unknown = Object.keys(given).find((name) => !this.#options.parameters.includes(name));
    if (unknown !== undefined)
      return { status: 400, value: { message: `/pipeline.yml: Unexpected parameter '${unknown}'` } };
    if (id === 'Preview_Preview') return { status: 200, value: { finalYaml: 'steps: []\n' } };
    if (id !== 'Runs_Run Pipeline') return missing('The operation');
    const run: AzureRun = {
      id: 100 + this.runs.length,
      name: `2026.${this.runs.length}`,
      state: 'inProgress',
      createdDate: '2026-11-27T14:00:00Z',
      templateParameters: given,
    };
    this.runs.push(run);
    await this.started(run);
    return { status: 200, value: run };
  }
}

interface Checked {
  id: string;
  path: Record<string, string>;
  operation: Json | undefined;
  problems: string[];
}

/** The published description as two checks. */
function createContract() {
  const contract = JSON.parse(readFileSync(contractFile, 'utf8')) as Json;
  // `object` without properties is C#'s System.Object there: any value
  const run = contract['definitions']!['Run']!['properties']!['templateParameters']!;
  run['additionalProperties'] = {};
  const ajv = formats.default(new Ajv({ strict: false, allErrors: true }));
  ajv.addSchema({ $id: 'contract', definitions: contract['definitions'] });
  const closed = structuredClone(contract['definitions']!);
  for (const definition of Object.values(closed))
    if (definition['allOf'] === undefined) definition['additionalProperties'] ??= false as unknown as Json;
  ajv.addSchema({ $id: 'closed', definitions: closed });
  const validators = new Map<string, ValidateFunction>();
  const check = (from: string, schema: Json, value: unknown, what: string): string[] => {
    const text = JSON.stringify(schema).replaceAll('"#/', `"${from}#/`);
    const validate = validators.get(text) ?? ajv.compile(JSON.parse(text) as object);
    validators.set(text, validate);
    return validate(value) ? [] : [`${what}: ${ajv.errorsText(validate.errors)}`];
  };
  const parametersOf = (operation: Json) =>
    (operation['parameters'] as unknown as Json[]).map((one) =>
      one['$ref'] === undefined ? one : contract['parameters']!['api-Version']!,
    );
  return {
    /** A request of ours may hold nothing that the description does not name. */
    request(method: string, url: URL, body: unknown): Checked {
      const what = `${method} ${url.pathname}`;
      const [template, path] = findPath(Object.keys(contract['paths']!), url.pathname) ?? ['', {}];
      const operation = contract['paths']![template]?.[method.toLowerCase()];
      if (operation === undefined)
        return { id: '', path, operation, problems: [`${what}: no such operation`] };
      const parameters = parametersOf(operation);
      const named = (place: string) => parameters.filter((one) => String(one['in']) === place);
      const problems = [
        ...[...url.searchParams.keys()]
          .filter((name) => !named('query').some((one) => String(one['name']) === name))
          .map((name) => `${what}: no query parameter ${name}`),
        ...named('query')
          .filter((one) => Boolean(one['required']) && !url.searchParams.has(String(one['name'])))
          .map((one) => `${what}: no ${one['name']}`),
        ...named('path')
          .filter(
            (one) => String(one['type']) === 'integer' && !/^\d+$/.test(path[String(one['name'])] ?? ''),
          )
          .map((one) => `${what}: ${one['name']} is no integer`),
        ...named('body').flatMap((one) => check('closed', one['schema']!, body, what)),
      ];
      if (url.searchParams.get('api-version') !== '7.1') problems.push(`${what}: another version`);
      return { id: String(operation['operationId']), path, operation, problems };
    },
    answer({ operation, id }: Checked, value: unknown): string[] {
      return check('contract', operation!['responses']!['200']!['schema']!, value, `answer of ${id}`);
    },
  };
}

function findPath(templates: readonly string[], path: string): [string, Record<string, string>] | undefined {
  for (const template of templates) {
    const pattern = new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
    const match = pattern.exec(path);
    if (match !== null) return [template, { ...match.groups }];
  }
  return undefined;
}
