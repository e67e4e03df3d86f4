// The client of the server's API: one function for each question, faults as the server named them.
import { parseJson } from '../../core/index.ts';
import type { HttpClient } from '../../net/index.ts';
import type {
  ApiError,
  ApiHold,
  ApiPlan,
  ApiReachedAnswer,
  ApiReachedPage,
  ApiRenewalDetail,
  ApiRenewalSummary,
  ApiStatus,
  ApiTag,
  ApiToken,
} from './answers.ts';
import { ServerFault } from './fault.ts';
import type { ApiLineage } from './lineageanswers.ts';
import { allPages } from './page.ts';

export interface ApiOptions {
  http: HttpClient;
  /** `http://127.0.0.1:7420` */
  url: string;
  token: string | undefined;
  signal?: AbortSignal;
}

export interface Api {
  status(): Promise<ApiStatus>;
  tags(): Promise<ApiTag[]>;
  renewals(before?: string): Promise<ApiRenewalSummary[]>;
  renewal(id: string): Promise<ApiRenewalDetail>;
  plan(base: string): Promise<ApiPlan>;
  renew(ask: { base: string; reference?: string }): Promise<void>;
  approve(image: string): Promise<void>;
  decline(image: string, reason: string): Promise<void>;
  holds(): Promise<ApiHold[]>;
  release(base: string, reason: string): Promise<void>;
  /** Every page of it. */
  reach(id: string): Promise<ApiReachedAnswer>;
  lineage(image: string): Promise<ApiLineage>;
  tokens(): Promise<ApiToken[]>;
  createToken(token: {
    name: string;
    role: string;
    cluster?: string;
    days?: number;
  }): Promise<{ token: string }>;
  revokeToken(id: string): Promise<void>;
}

const mostBytes = 64 << 20;

export function createApi(options: ApiOptions): Api {
  const get = <T>(path: string) => ask<T>(options, 'GET', path);
  const post = <T>(path: string, body: unknown) => ask<T>(options, 'POST', path, body);
  const part = encodeURIComponent;
  return {
    status: () => get('/v1/status'),
    tags: async () => (await get<{ tags: ApiTag[] }>('/v1/tags')).tags,
    renewals: async (before) =>
      (
        await get<{ renewals: ApiRenewalSummary[] }>(
          `/v1/renewals${before === undefined ? '' : `?before=${part(before)}`}`,
        )
      ).renewals,
    renewal: (id) => get(`/v1/renewals/${part(id)}`),
    plan: (base) => get(`/v1/plan?base=${part(base)}`),
    renew: (body) => post('/v1/renewals', body),
    approve: (image) => post(`/v1/images/${part(image)}/approve`, {}),
    decline: (image, reason) => post(`/v1/images/${part(image)}/decline`, { reason }),
    holds: async () => (await get<{ holds: ApiHold[] }>('/v1/holds')).holds,
    release: (base, reason) => post('/v1/holds/release', { base, reason }),
    async reach(id) {
      const pages = await allPages((after) =>
        get<ApiReachedPage>(
          `/v1/reached?id=${part(id)}${after === undefined ? '' : `&after=${part(after)}`}`,
        ),
      );
      return {
        reached: pages.flatMap(({ reached }) => reached),
        workloads: pages.flatMap(({ workloads }) => workloads),
      };
    },
    lineage: (image) => get(`/v1/lineage?image=${part(image)}`),
    tokens: async () => (await get<{ tokens: ApiToken[] }>('/v1/tokens')).tokens,
    createToken: (token) => post('/v1/tokens', token),
    revokeToken: (id) => post(`/v1/tokens/${part(id)}/revoke`, {}),
  };
}

async function ask<T>(
  { http, url, token, signal }: ApiOptions,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const response = await http.request({
    method,
    url: new URL(path, url),
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
    redirects: 'manual',
    retries: method === 'GET' ? 2 : 0,
    ...(signal === undefined ? {} : { signal }),
  });
  const text = (await response.bytes(mostBytes)).toString('utf8');
  if (response.status === 204) return undefined as T;
  const answer = parsed(text);
  if (answer === undefined)
    throw new ServerFault(
      'server-answer',
      `expected JSON of a Seaworthy server at ${url}, got status ${response.status}`,
      {
        hint: 'check the address of --server',
      },
    );
  if (response.status >= 200 && response.status < 300) return answer as T;
  const { error } = answer as Partial<ApiError>;
  throw new ServerFault(
    'server-refused',
    error?.message ?? `expected an answer of ${url}, got status ${response.status}`,
    {
      hint:
        error?.hint ??
        (response.status === 401
          ? 'give a token with --token-file or SEAWORTHY_TOKEN'
          : 'see the log of the server'),
    },
  );
}

function parsed(text: string): unknown {
  try {
    const value = parseJson(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
