// Tests of pull requests: links for people, and what is sent to which host as the published descriptions want it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpClient, HttpRequest, HttpResponse } from '../../net/index.ts';
import { pullRequestHost } from './index.ts';

const proposal = { branch: 'seaworthy/rollout/a-1', base: 'main', title: 'Roll out a', body: 'why' };

/** Answers in order, and keeps what was asked. */
function answering(...answers: { status: number; body: unknown }[]) {
  const asked: HttpRequest[] = [];
  const http: HttpClient = {
    async request(request) {
      asked.push(request);
      const { status, body } = answers.shift()!;
      return { status, json: async () => body } as HttpResponse;
    },
    async close() {},
  };
  return { http, asked };
}

test('remotes of every spelling lead to the page that opens a pull request', () => {
  const link = (remote: string) => pullRequestHost(remote, proposal)?.link;
  const github = 'https://github.com/org/repo/compare/main...seaworthy/rollout/a-1?expand=1';
  for (const remote of [
    'https://github.com/org/repo.git',
    'git@github.com:org/repo.git',
    'ssh://git@github.com/org/repo',
  ])
    assert.equal(link(remote), github, remote);
  const azure =
    'https://dev.azure.com/org/my%20project/_git/repo/pullrequestcreate?sourceRef=seaworthy%2Frollout%2Fa-1&targetRef=main';
  for (const remote of [
    'https://org@dev.azure.com/org/my%20project/_git/repo',
    'git@ssh.dev.azure.com:v3/org/my%20project/repo',
    'https://org.visualstudio.com/DefaultCollection/my%20project/_git/repo',
  ])
    assert.equal(link(remote), azure, remote);
  assert.match(
    link('https://gitlab.com/a/b/c.git') ?? '',
    /^https:\/\/gitlab.com\/a\/b\/c\/-\/merge_requests\/new\?/,
  );
});

test('other hosts and look-alikes get no link and no token', () => {
  for (const remote of [
    'https://github.com.evil.example/org/repo',
    'https://dev.azure.com.evil.example/org/p/_git/r',
    'https://evil.example/https://github.com/org/repo',
    'https://github.com/org',
    'file:///tmp/repo',
    '/tmp/repo',
  ])
    assert.equal(pullRequestHost(remote, proposal), undefined, remote);
});

test('GitHub: one that is open is found, else it is opened', async () => {
  const host = pullRequestHost('https://github.com/org/repo', proposal)!;
  const found = answering({ status: 200, body: [{ html_url: 'https://github.com/org/repo/pull/7' }] });
  assert.equal(await host.open!(found.http, { GH_TOKEN: 't' }), 'https://github.com/org/repo/pull/7');
  assert.equal(
    String(found.asked[0]!.url),
    'https://api.github.com/repos/org/repo/pulls?head=org%3Aseaworthy%2Frollout%2Fa-1&base=main&state=open',
  );
  const made = answering(
    { status: 200, body: [] },
    { status: 201, body: { html_url: 'https://github.com/org/repo/pull/8' } },
  );
  assert.equal(await host.open!(made.http, { GITHUB_TOKEN: 't' }), 'https://github.com/org/repo/pull/8');
  const { url, method, authorization, body } = made.asked[1]!;
  assert.deepEqual(
    [String(url), method, authorization],
    ['https://api.github.com/repos/org/repo/pulls', 'POST', 'Bearer t'],
  );
  assert.deepEqual(JSON.parse(String(body)), {
    title: 'Roll out a',
    head: 'seaworthy/rollout/a-1',
    base: 'main',
    body: 'why',
  });
});

test('Azure Repos: one that is active is found, else it is opened', async () => {
  const host = pullRequestHost('git@ssh.dev.azure.com:v3/org/p/repo', proposal)!;
  const found = answering({ status: 200, body: { value: [{ pullRequestId: 7 }] } });
  assert.equal(
    await host.open!(found.http, { SYSTEM_ACCESSTOKEN: 't' }),
    'https://dev.azure.com/org/p/_git/repo/pullrequest/7',
  );
  assert.equal(found.asked[0]!.authorization, 'Bearer t');
  const made = answering({ status: 200, body: { value: [] } }, { status: 201, body: { pullRequestId: 8 } });
  assert.equal(
    await host.open!(made.http, { AZURE_DEVOPS_EXT_PAT: 'p' }),
    'https://dev.azure.com/org/p/_git/repo/pullrequest/8',
  );
  const { url, authorization, body } = made.asked[1]!;
  assert.equal(
    String(url),
    'https://dev.azure.com/org/p/_apis/git/repositories/repo/pullrequests?api-version=7.1',
  );
  assert.equal(authorization, `Basic ${Buffer.from(':p').toString('base64')}`);
  assert.deepEqual(JSON.parse(String(body)), {
    sourceRefName: 'refs/heads/seaworthy/rollout/a-1',
    targetRefName: 'refs/heads/main',
    title: 'Roll out a',
    description: 'why',
  });
});

test('a refusal says what the host said; without a token it says which to set', async () => {
  const host = pullRequestHost('https://github.com/org/repo', proposal)!;
  const { http } = answering({ status: 401, body: { message: 'Bad credentials' } });
  await assert.rejects(host.open!(http, { GH_TOKEN: 't' }), {
    code: 'pull-request-failed',
    message: /401: Bad credentials/,
  });
  await assert.rejects(host.open!(http, {}), { code: 'pull-request-failed', message: /GH_TOKEN/ });
  const azure = pullRequestHost('https://dev.azure.com/o/p/_git/r', proposal)!;
  const signIn = answering({ status: 203, body: undefined });
  await assert.rejects(azure.open!(signIn.http, { SYSTEM_ACCESSTOKEN: 't' }), {
    code: 'pull-request-failed',
    message: /203/,
  });
});
