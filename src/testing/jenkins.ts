// A Jenkins for tests, written from its documentation and its source (jenkinsci/jenkins: ParameterizedJobMixIn,
// ParametersDefinitionProperty, Queue, CrumbFilter, DefaultCrumbIssuer): a stand-in, not Jenkins. Nothing moves by
// time: a test says when the quiet period ends, when a build ends and what a restart forgets.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

export interface JenkinsBuild {
  number: number;
  parameters: Record<string, string>;
  building: boolean;
  result: string | null;
}

interface Item {
  id: number;
  parameters: Record<string, string>;
  build?: number;
  cancelled?: boolean;
}

export interface JenkinsOptions {
  /** `job/team/job/app` */
  job: string;
  parameters: readonly string[];
  user: string;
  /** Needs no crumb. */
  token?: string;
  /** Needs a crumb, in the session that gave it. */
  password?: string;
  /** Path behind a proxy: `/jenkins`. */
  prefix?: string;
  /** What it believes its own address to be. */
  rootUrl?: string;
}

export class Jenkins {
  readonly builds: JenkinsBuild[] = [];
  /** In the queue, or left it less than five minutes ago. */
  queue: Item[] = [];
  isDisabled = false;
  /** Between its start and the end of reading its jobs everything is answered with 503. */
  isStarting = false;
  readonly requests: string[] = [];
  /** Called once a build is queued, before that is answered. */
  queued: (item: number) => void | Promise<void> = () => {};
  readonly #options: JenkinsOptions;
  readonly #sessions = new Map<string, string>();
  #lastItem = 40;

  constructor(options: JenkinsOptions) {
    this.#options = options;
  }

  /** The quiet period ends: what waits is built. */
  release(): void {
    for (const item of this.queue) {
      if (item.build !== undefined || item.cancelled) continue;
      const number = this.builds.length + 1;
      this.builds.push({ number, parameters: item.parameters, building: true, result: null });
      item.build = number;
    }
  }

  finish(number: number, result: string): void {
    Object.assign(this.builds[number - 1]!, { building: false, result });
  }

  /** Sessions and items that left the queue are forgotten; `queue.xml` brings back what waited, if it was written. */
  restart({ losesQueue = false, breaksBuilds = false } = {}): void {
    this.#sessions.clear();
    this.queue = losesQueue ? [] : this.queue.filter((item) => item.build === undefined && !item.cancelled);
    if (breaksBuilds) for (const build of this.builds) build.building = false;
  }

  readonly handler: RequestListener = (request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  };

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    const url = new URL(request.url!, 'http://127.0.0.1');
    const body = new URLSearchParams((await request.toArray()).join(''));
    const { prefix = '', job, user, token, password } = this.#options;
    this.requests.push(`${method} ${url.pathname}`);
    response.setHeader('x-jenkins', '2.528.3');
    const page = (status: number, text: string) =>
      void response
        .writeHead(status, { 'content-type': 'text/html' })
        .end(`<html><body>${text}</body></html>`);
    const json = (value: unknown) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (this.isStarting) return page(503, 'Please wait while Jenkins is getting ready to work');
    const given = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64').toString();
    const isToken = token !== undefined && given === `${user}:${token}`;
    if (!isToken && (password === undefined || given !== `${user}:${password}`))
      return page(401, 'Unauthorized');
    if (!url.pathname.startsWith(`${prefix}/`)) return page(404, 'Not Found');
    const path = url.pathname.slice(prefix.length + 1);
    if (path === 'crumbIssuer/api/json') {
      const session = randomBytes(8).toString('hex');
      const crumb = randomBytes(16).toString('hex');
      this.#sessions.set(session, crumb);
      response.setHeader('set-cookie', `JSESSIONID.1a2b=${session}; Path=/; HttpOnly`);
      return json({ crumb, crumbRequestField: 'Jenkins-Crumb' });
    }
    if (method === 'POST' && !isToken) {
      const session = /JSESSIONID\.1a2b=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? '';
      const crumb = this.#sessions.get(session);
      if (crumb === undefined || request.headers['jenkins-crumb'] !== crumb)
        return page(403, 'No valid crumb was included in the request');
    }
    if (method === 'POST') return this.#post(path, body, response, page);
    const item = /^queue\/item\/(\d+)\/api\/json$/.exec(path);
    if (item !== null) {
      const found = this.queue.find(({ id }) => id === Number(item[1]));
      return found === undefined ? page(404, 'Not Found') : json(this.#item(found));
    }
    if (path === 'queue/api/json')
      return json({
        items: this.queue
          .filter(({ build, cancelled }) => build === undefined && !cancelled)
          .map((one) => this.#item(one)),
      });
    if (path === `${job}/api/json`)
      return json({
        buildable: !this.isDisabled,
        property: [{}, { parameterDefinitions: this.#options.parameters.map((name) => ({ name })) }],
        builds: this.builds
          .toReversed()
          .slice(0, 100)
          .map(({ number, parameters }) => ({ number, actions: actionsOf(parameters) })),
      });
    const build = new RegExp(`^${job}/(\\d+)/api/json$`).exec(path);
    const found = this.builds.find(({ number }) => number === Number(build?.[1]));
    return found === undefined ? page(404, 'Not Found') : json(found);
  }

  async #post(
    path: string,
    body: URLSearchParams,
    response: ServerResponse,
    page: (status: number, text: string) => void,
  ): Promise<void> {
    const { job, parameters: defined, rootUrl = '', prefix = '' } = this.#options;
    if (path === `${job}/buildWithParameters`) {
      if (this.isDisabled) return page(409, 'app is not buildable!');
      if (defined.length === 0) return page(500, 'This build is not parameterized!');
      const parameters = Object.fromEntries(defined.map((name) => [name, body.get(name) ?? '']));
      const waiting = this.queue.find(
        (one) =>
          one.build === undefined &&
          !one.cancelled &&
          JSON.stringify(one.parameters) === JSON.stringify(parameters),
      );
      const item = waiting ?? { id: ++this.#lastItem, parameters };
      if (waiting === undefined) this.queue.push(item);
      await this.queued(item.id);
      response.writeHead(201, { location: `${rootUrl}${prefix}/queue/item/${item.id}/` }).end();
      return;
    }
    if (path === 'queue/cancelItem') {
      const item = this.queue.find(({ id, build }) => id === Number(body.get('id')) && build === undefined);
      if (item !== undefined) item.cancelled = true;
      return void response.writeHead(204).end();
    }
    const stop = new RegExp(`^${job}/(\\d+)/stop$`).exec(path);
    const build = this.builds.find(({ number }) => number === Number(stop?.[1]));
    if (build === undefined) return page(404, 'Not Found');
    if (build.building) Object.assign(build, { building: false, result: 'ABORTED' });
    response.writeHead(302, { location: '.' }).end();
  }

  #item({ id, parameters, build, cancelled }: Item): unknown {
    const { job, rootUrl = 'http://localhost:8080', prefix = '' } = this.#options;
    const url = `${rootUrl}${prefix}/${job}/`;
    return {
      id,
      task: { url },
      actions: actionsOf(parameters),
      why: build === undefined ? 'In the quiet period. Expires in 4.9 sec' : null,
      ...(cancelled === undefined ? {} : { cancelled }),
      ...(build === undefined
        ? {}
        : { cancelled: false, executable: { number: build, url: `${url}${build}/` } }),
    };
  }
}

function actionsOf(parameters: Record<string, string>): unknown[] {
  return [{}, { parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })) }];
}
