import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openHome, systemClock } from '../core/index.ts';
import { createClient } from '../net/index.ts';
import { type BuildRequest, PipelineFault } from '../renewal/pipeline/index.ts';
import { AzurePipelines } from '../testing/azurepipelines.ts';
import { Jenkins } from '../testing/jenkins.ts';
import { listenHandler } from '../testing/listen.ts';
import { anonymous } from '../transport/index.ts';
import { readConfig } from './config.ts';
import { pipelinesOf } from './hubpipelines.ts';

const request: BuildRequest = {
  id: 'one',
  image: 'registry.example/app',
  stagingTag: 'staging',
  tag: '1',
  base: { image: 'registry.example/base', tag: '12', digest: `sha256:${'b'.repeat(64)}` },
  platforms: ['linux/amd64'],
};

test('each pipeline of a configuration is asked as it says, with the login of its file', async (context) => {
  const never = new AbortController().signal;
  const azure = new AzurePipelines({ parameters: ['run'], token: 'pat', pipeline: 3 });
  const ci = new Jenkins({ job: 'job/team/job/app', parameters: ['RUN'], user: 'sea', token: 'secret' });
  const folder = mkdtempSync(join(tmpdir(), 'seaworthy-hubpipelines-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'pat'), 'pat\n');
  writeFileSync(join(folder, 'token'), 'secret\n');
  writeFileSync(join(folder, 'Dockerfile'), 'FROM registry.example/base:12\n');
  const write = (jenkinsRun: string) =>
    writeFileSync(
      join(folder, 'server.yaml'),
      `policy: policy.yaml
renewal:
  pipelines:
    - name: azure
      azurePipelines:
        organization: http://${azureHost}/contoso
        project: shop
        pipeline: 3
        tokenFile: pat
        parameters: { run: '{id}' }
    - name: ci
      jenkins:
        url: http://${jenkinsHost}
        job: team/app
        user: sea
        tokenFile: token
        parameters: { RUN: '${jenkinsRun}' }
    - name: here
      buildah: { context: . }
`,
    );
  const azureHost = await listenHandler(azure.handler, context);
  const jenkinsHost = await listenHandler(ci.handler, context);
  const http = createClient({ env: {} });
  context.after(() => http.close());
  const parts = {
    ...{ http, clock: systemClock, env: {}, credentials: anonymous },
    home: openHome(join(folder, 'home'), {}),
  };
  const made = () => pipelinesOf(readConfig(join(folder, 'server.yaml'), {}, {}), parts);
  write('{id}');
  const pipelines = made();
  assert.deepEqual(
    [...pipelines].map(([name, { kind }]) => `${name} ${kind}`),
    ['azure azure-pipelines', 'ci jenkins', 'here buildah'],
  );
  await pipelines.get('azure')!.start(request, never);
  await pipelines.get('ci')!.start(request, never);
  assert.deepEqual(
    [azure.runs[0]!.templateParameters, ci.queue[0]!.parameters],
    [{ run: 'one' }, { RUN: 'one' }],
  );
  write('{tag}');
  assert.throws(made, (error) => error instanceof PipelineFault && error.code === 'pipeline-parameters');
});
