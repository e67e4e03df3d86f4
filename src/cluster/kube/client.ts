// The client of one API server, over the guarded HTTP client: only what Seaworthy asks for, for any resource.
import { type Clock, systemClock } from '../../core/index.ts';
import { createClient, type HttpClient, type HttpResponse } from '../../net/index.ts';
import { apiVersionOf, type Resource } from '../workload/index.ts';
import { asObject, bodyOf } from './answer.ts';
import type { Cluster, KubeObject, ListOptions, Patch, WriteOptions } from './cluster.ts';
import { KubeFault } from './fault.ts';
import { type Identity, identityOf } from './identity.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { follow } from './watch.ts';

const pageSize = 500;
const fieldManager = 'seaworthy';

const patchTypes: Record<Patch['type'] | 'apply', string> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

interface Call {
  method?: string;
  resource: Resource;
  name?: string | undefined;
  namespace?: string | undefined;
  subresource?: string | undefined;
  query?: Record<string, string | undefined>;
  body?: unknown;
  contentType?: string;
  /** For a watch: ms between two events. */
  quiet?: number;
  signal?: AbortSignal;
}

export interface ClusterOptions {
  env?: NodeJS.ProcessEnv;
  clock?: Clock;
  /** Ms until the answer's headers; 30,000 when left out. */
  timeout?: number;
}

/** Makes no request. Throws KubeFault `kubeconfig-unreadable` where certificates are none. */
export function connect(access: ClusterAccess, options: ClusterOptions = {}): Cluster {
  const clock = options.clock ?? systemClock;
  let identity: Promise<Identity> | undefined;
  let until = 0;
  let client: { http: HttpClient; cert: string | undefined } | undefined;
  let clockAhead = 0;

  async function identify(): Promise<Identity> {
    const now = clock.now().getTime();
    if (identity === undefined || now >= until) {
      identity = identityOf(access, now);
      until = Number.POSITIVE_INFINITY;
      identity.then(
        (found) => (until = found.until),
        () => (identity = undefined),
      );
    }
    return identity;
  }

  function httpFor({ cert, key }: Identity): HttpClient {
    if (client !== undefined && client.cert === cert) return client.http;
    void client?.http.close();
    const { ca, serverName, proxy } = access;
    const http = createClient({
      env: proxy === undefined ? (options.env ?? process.env) : { HTTPS_PROXY: proxy, HTTP_PROXY: proxy },
      tls: {
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined || key === undefined ? {} : { cert, key }),
        ...(serverName === undefined ? {} : { serverName }),
      },
    });
    client = { http, cert };
    return http;
  }

  async function send(call: Call): Promise<HttpResponse> {
    const mine = await identify();
    const asked = clock.now().getTime();
    const response = await httpFor(mine).request({
      method: call.method ?? 'GET',
      url: urlOf(access.server, call),
      headers: {
        accept: 'application/json',
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      },
      redirects: 'manual',
      plainHttp: access.server.startsWith('http:'),
      timeouts: {
        headers: options.timeout ?? 30_000,
        ...(call.quiet === undefined ? {} : { body: call.quiet }),
      },
      ...(mine.token === undefined ? {} : { authorization: `Bearer ${mine.token}` }),
      ...(call.body === undefined ? {} : { body: Buffer.from(JSON.stringify(call.body)) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
    // A token that was taken back is asked for once more the next time.
    if (response.status === 401) until = 0;
    const date = Date.parse(response.header('date') ?? '');
    if (!Number.isNaN(date)) clockAhead = date + 500 - (asked + clock.now().getTime()) / 2;
    return response;
  }

  async function object(call: Call): Promise<KubeObject> {
    const body = await bodyOf(await send(call), told(call));
    return asObject(body, apiVersionOf(call.resource), call.resource.kind);
  }

  async function page(
    resource: Resource,
    given: ListOptions,
    more: Record<string, string>,
    signal?: AbortSignal,
  ) {
    const call: Call = {
      resource,
      namespace: given.namespace,
      query: { ...selectors(given), limit: String(pageSize), ...more },
      ...(signal === undefined ? {} : { signal }),
    };
    const body = (await bodyOf(await send(call), told(call))) as {
      items?: unknown[];
      metadata?: { continue?: string; resourceVersion?: string };
    };
    const { keep = (object: KubeObject) => object } = given;
    const items = (body.items ?? []).map((item) =>
      keep(asObject(item, apiVersionOf(resource), resource.kind)),
    );
    return { items, next: body.metadata?.continue ?? '', version: body.metadata?.resourceVersion ?? '' };
  }

  async function listAll(resource: Resource, given: ListOptions, signal?: AbortSignal) {
    const objects: KubeObject[] = [];
    let next = '';
    for (;;) {
      const got = await page(resource, given, next === '' ? {} : { continue: next }, signal);
      objects.push(...got.items);
      if (got.next === '') return { objects, version: got.version };
      next = got.next;
    }
  }

  return {
    context: access.context,
    namespace: access.namespace,
    get clockAhead() {
      return clockAhead;
    },
    async get(resource, name, namespace) {
      const call: Call = { resource, name, namespace };
      const response = await send(call);
      if (response.status === 404) {
        const status = (await response.json()) as { details?: { name?: string } };
        if (status.details?.name !== undefined) return undefined;
        throw new KubeFault(
          'resource-unknown',
          `expected to ${told(call)}, got a server without ${resource.plural}`,
        );
      }
      return asObject(await bodyOf(response, told(call)), apiVersionOf(resource), resource.kind);
    },
    list: async (resource, given = {}) => (await listAll(resource, given)).objects,
    create: (resource, body, given = {}) =>
      object({
        method: 'POST',
        resource,
        ...(given.subresource === undefined
          ? {}
          : { name: body.metadata.name, subresource: given.subresource }),
        namespace: body.metadata.namespace,
        query: writing(given),
        body,
      }),
    replace: (resource, body, given = {}) =>
      object({
        method: 'PUT',
        resource,
        name: body.metadata.name,
        namespace: body.metadata.namespace,
        subresource: given.subresource,
        query: writing(given),
        body,
      }),
    patch: (resource, name, namespace, { type, body }, given = {}) =>
      object({
        method: 'PATCH',
        resource,
        name,
        namespace,
        subresource: given.subresource,
        query: writing(given),
        body,
        contentType: patchTypes[type],
      }),
    apply: (resource, body, given = {}) =>
      object({
        method: 'PATCH',
        resource,
        name: body.metadata.name,
        namespace: body.metadata.namespace,
        subresource: given.subresource,
        query: { ...writing(given), force: 'true' },
        body,
        contentType: patchTypes.apply,
      }),
    async delete(resource, name, namespace, only = {}) {
      const call: Call = {
        method: 'DELETE',
        resource,
        name,
        namespace,
        body: {
          kind: 'DeleteOptions',
          apiVersion: 'v1',
          propagationPolicy: 'Background',
          preconditions: only,
        },
      };
      const response = await send(call);
      if (response.status === 404) {
        await response.discard();
        return false;
      }
      await bodyOf(response, told(call));
      return true;
    },
    watch: (resource, given, signal) =>
      follow(
        {
          list: () => listAll(resource, given, signal),
          watch: async (version, seconds) => {
            const call: Call = {
              resource,
              namespace: given.namespace,
              query: {
                ...selectors(given),
                watch: 'true',
                resourceVersion: version,
                allowWatchBookmarks: 'true',
                timeoutSeconds: String(seconds),
              },
              quiet: (seconds + 30) * 1000,
              signal,
            };
            const response = await send(call);
            if (response.status >= 400) await bodyOf(response, told(call));
            return response.body;
          },
          object: (value) => {
            const found = asObject(value, apiVersionOf(resource), resource.kind);
            return given.keep?.(found) ?? found;
          },
        },
        given.problem,
        signal,
      ),
    async version() {
      const response = await send({ resource: { ...nowhere, plural: 'version' } });
      const body = (await bodyOf(response, 'read the version')) as { major?: string; minor?: string };
      return `${body.major}.${body.minor}`;
    },
    async whoami() {
      const body = { apiVersion: apiVersionOf(selfReviews), kind: selfReviews.kind };
      const response = await send({ method: 'POST', resource: selfReviews, body });
      if (response.status >= 400) {
        await response.discard();
        return undefined;
      }
      const review = (await bodyOf(response, 'ask who we are')) as {
        status?: { userInfo?: { username?: unknown } };
      };
      const name = review.status?.userInfo?.username;
      return typeof name === 'string' && name !== '' ? name : undefined;
    },
    close: async () => client?.http.close(),
  };
}

/** Asked, never kept: what comes back has no name. */
const selfReviews: Resource = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
};

/** Stands for what is no resource: `/version`. */
const nowhere: Resource = { group: '', version: '', kind: '', plural: '', namespaced: false };

function urlOf(server: string, { resource, name, namespace, subresource, query = {} }: Call): URL {
  const root =
    resource.version === ''
      ? []
      : [resource.group === '' ? 'api' : `apis/${resource.group}`, resource.version];
  const parts = [
    ...root,
    ...(resource.namespaced && namespace !== undefined ? ['namespaces', encodeURIComponent(namespace)] : []),
    resource.plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const url = new URL(`${server.replace(/\/+$/, '')}/${parts.join('/')}`);
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, value);
  return url;
}

function selectors({ labelSelector, fieldSelector }: ListOptions): Record<string, string | undefined> {
  return { labelSelector, fieldSelector };
}

function writing({ dryRun }: WriteOptions): Record<string, string | undefined> {
  return { fieldManager, dryRun: dryRun === true ? 'All' : undefined };
}

function told({ method = 'GET', resource, name, namespace, subresource }: Call): string {
  const verb =
    {
      GET: name === undefined ? 'list' : 'get',
      POST: 'create',
      PUT: 'replace',
      PATCH: 'patch',
      DELETE: 'delete',
    }[method] ?? method;
  const what = [
    resource.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ].join('/');
  return `${verb} ${what}${namespace === undefined || !resource.namespaced ? '' : ` in ${namespace}`}`;
}
