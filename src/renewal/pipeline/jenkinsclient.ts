// Requests to a Jenkins: one host, the user's login, and the crumb that a password needs beside it.
// Crumb and session: https://www.jenkins.io/doc/book/security/csrf-protection/ (an API token needs neither); refused
// without: hudson.security.csrf.CrumbFilter, "No valid crumb was included in the request".
import type { HttpClient, HttpResponse } from '../../net/index.ts';
import { expectStatus, invalidAnswer, jsonOf, type Service } from './answer.ts';
import { PipelineFault } from './fault.ts';

export interface JenkinsAccess {
  http: HttpClient;
  /** Of the Jenkins, with the path that it has behind a proxy. */
  url: string;
  user: string;
  /** API token of the user, or their password; asked for each request, so that it may change. */
  secret(): Promise<string>;
}

export interface JenkinsClient {
  readonly service: Service;
  /** Without a slash at the end. */
  readonly url: string;
  /** JSON below the address; undefined: not there. Rejects with PipelineFault, NetFault. */
  read(path: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined>;
  /** Rejects with PipelineFault, NetFault; a 4xx other than of login and crumb is an answer. */
  post(path: string, form: Record<string, string>, signal: AbortSignal): Promise<HttpResponse>;
}

interface Crumb {
  header: Record<string, string>;
}

/** Throws PipelineFault `pipeline-unknown`. */
export function jenkinsClient(access: JenkinsAccess): JenkinsClient {
  const parsed = URL.parse(access.url);
  if (parsed === null || parsed.search !== '' || parsed.hash !== '' || parsed.username !== '')
    throw new PipelineFault('pipeline-unknown', 'expected the address of a Jenkins, got another text', {
      hint: 'Write url as https://jenkins.example.com or https://example.com/jenkins.',
    });
  const url = parsed.href.replace(/\/+$/, '');
  const service: Service = {
    name: `Jenkins at ${parsed.host}`,
    login: `Give tokenFile an API token of ${access.user} (their page in Jenkins, Security), with Job/Read, Job/Build and Job/Cancel.`,
    names: 'Check url and job (FOLDER/JOB); without Job/Read a job is unknown too.',
  };
  let crumb: Crumb | undefined;

  async function send(
    path: string,
    signal: AbortSignal,
    more: { method?: string; body?: Uint8Array; headers?: Record<string, string> } = {},
  ): Promise<HttpResponse> {
    const login = Buffer.from(`${access.user}:${await access.secret()}`).toString('base64');
    return access.http.request({
      url: `${url}/${path}`,
      authorization: `Basic ${login}`,
      redirects: 'manual',
      signal,
      ...more,
    });
  }

  async function read(path: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
    const response = await send(path, signal);
    if (response.status === 404 && response.header('x-jenkins') !== undefined) {
      await response.discard();
      return undefined;
    }
    await expectStatus(service, response, [200]);
    return jsonOf(service, response);
  }

  /** A crumb counts in the session that it was given in, so the cookie goes with it. */
  async function askCrumb(signal: AbortSignal): Promise<Crumb> {
    const response = await send('crumbIssuer/api/json', signal);
    // where protection is off nobody gives crumbs, and the 403 was about a right
    if (response.status === 404) {
      await response.discard();
      return { header: {} };
    }
    await expectStatus(service, response, [200]);
    const cookie = /^[^;\s=]+=[^;\s]*/.exec(response.header('set-cookie') ?? '')?.[0];
    const { crumbRequestField: field, crumb: value } = await jsonOf(service, response);
    if (typeof field !== 'string' || typeof value !== 'string' || !/^[\w-]{1,64}$/.test(field))
      throw invalidAnswer(service, 'a crumb', 'none');
    if (!/^[\x21-\x7e]{1,512}$/.test(value)) throw invalidAnswer(service, 'a crumb', 'another text');
    return { header: { [field]: value, ...(cookie === undefined ? {} : { cookie }) } };
  }

  return {
    service,
    url,
    read,
    async post(path, form, signal) {
      const body = Buffer.from(new URLSearchParams(form).toString());
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const postOnce = () =>
        send(path, signal, { method: 'POST', body, headers: { ...headers, ...crumb?.header } });
      const first = await postOnce();
      // 403 is also a right that is missing: the second answer tells
      if (first.status !== 403) return first;
      await first.discard();
      crumb = await askCrumb(signal);
      return postOnce();
    },
  };
}
