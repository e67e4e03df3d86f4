// The story of the demo, scene by scene; every figure and verdict in it is what the commands answered.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../cluster/kube/index.ts';
import type { HttpClient } from '../net/index.ts';
import { type Api, type ApiRenewalDetail, createApi } from '../server/contract/index.ts';
import { demoDigest, demoFlaw } from './demoimages.ts';
import type { DemoCluster } from './demokube.ts';
import { type DemoPlace, demoNamespace } from './demoplace.ts';
import type { Stage } from './demostage.ts';
import { formatCountedLevels, short } from './renewaltext.ts';

export interface Story {
  stage: Stage;
  place: DemoPlace;
  /** Where its applications run, too. */
  cluster: DemoCluster | undefined;
  http: HttpClient;
  signal: AbortSignal;
}

const workloads = ['shop', 'web', 'api'];

export async function tell(story: Story): Promise<void> {
  const { stage } = story;
  const { registry, api, flags } = story.place;
  const at = (name: string) => `${registry}/${name}`;
  await stage.run(`demo --images .${flags}`);
  await stage.each('for key in release renewal; do seaworthy keys generate --output-prefix $key; done', [
    'keys generate --output-prefix release',
    'keys generate --output-prefix renewal',
  ]);
  const serve = () => stage.start('serve --config server.yaml', () => answers(story, `http://${api}/readyz`));
  let server = await serve();
  if (story.place.isOpen) logIn(story);
  await pushAll(story);
  if (story.cluster !== undefined) await deploy(story, story.cluster);

  stage.say('');
  stage.say(`# Scan, check, admit: what ${demoFlaw} reaches is refused, with the fix`);
  const scanned = await stage.run(`scan ${at('team/shop:1')} --max-db-age 3650`);
  for (const line of pick(scanned.stdout, [/findings:/, /upgrade libwebp7/, new RegExp(demoFlaw)]))
    stage.say(line);
  await stage.start('agent --policy policy.yaml', () => agentAnswers(stage));
  const refused = await stage.run('admit shop.yaml', 1);
  for (const line of pick(`${refused.stdout}${refused.stderr}`, [
    /refused|denied/i,
    new RegExp(demoFlaw),
    /fix|upgrade/i,
  ]).slice(0, 5))
    stage.say(line);

  stage.say('');
  stage.say('# The same tag with another image under it, signed by nobody');
  await stage.run(`push stranger ${at('team/shop:1')}`);
  const swapped = await stage.run(`check ${at('team/shop:1')} --policy policy.yaml`, 1);
  for (const line of pick(swapped.stdout, [/deny/i, /no signature/])) stage.say(line);
  await stage.run(`push shop ${at('team/shop:1')}`);

  stage.say('');
  stage.say('# The base is fixed and pushed, but nobody signed it: nothing moves');
  const client = apiOf(story);
  await stage.run(`push debian-fixed ${at('base/debian:12')}`);
  const listed = await stage.run('renewals --wait refused');
  for (const line of pick(listed.stdout, [/refused/])) stage.say(`  ${line.slice(0, 190)}`);
  const [{ id } = { id: '' }] = await client.renewals();

  stage.say('');
  stage.say(
    '# Signed: every image on it is rebased, scanned, checked, signed; the manifests follow by commit',
  );
  const began = Date.now();
  await stage.run(`sign ${at('base/debian:12')} --key release.key`);
  await stage.run('renewals --wait running');
  const half = await client.renewal(id);
  await stage.stop(server, 'SIGKILL');
  const stood = half.images.map(({ reference, state }) => `${nameOf(reference)} ${state}`).join(', ');
  stage.say(`$ kill -9 %1    # in the middle: ${stood}`);
  server = await serve();
  await stage.run(`renewals ${id} --wait over`);
  const done = await client.renewal(id);
  const seconds = ((Date.parse(done.endedAt ?? '') - began) / 1000).toFixed(1);
  for (const image of done.images) sayImage(stage, image);

  stage.say('');
  stage.say('# The cluster’s manifests, and what the agent says to them now');
  const rest = await admitAgain(story);
  if (story.cluster !== undefined) await moveAll(story, story.cluster, done.images);
  stage.say('');
  stage.say(`${demoFlaw}: ${workloads.length} workloads → ${rest} in ${seconds} s, a kill -9 included`);
  stage.say(`cosign verify --key ${stage.dir}/renewal.pub --insecure-ignore-tlog=true ${at('team/shop:1')}`);
  stage.say(
    'Your own image: seaworthy scan IMAGE; docs/loop.md has the same with a registry and a cluster of yours',
  );
}

async function pushAll({ stage, place: { registry } }: Story): Promise<void> {
  const places: [string, string][] = [
    ['debian', 'base/debian:12'],
    ['python', 'base/python:3.12'],
    ['shop', 'team/shop:1'],
    ['web', 'team/web:1'],
    ['api', 'team/api:1'],
    ['tools', 'team/tools:1'],
  ];
  const list = places.map(([layout, place]) => `${layout}=${place}`).join(' ');
  const loop = (command: string) => `for i in ${list}; do ${command}; done`;
  await stage.each(
    loop(`seaworthy push \${i%=*} ${registry}/\${i#*=}`),
    places.map(([layout, place]) => `push ${layout} ${registry}/${place}`),
  );
  await stage.run(`sign ${places.map(([, place]) => `${registry}/${place}`).join(' ')} --key release.key`);
  await stage.each(
    loop(`seaworthy scan ${registry}/\${i#*=} --attest --key release.key --max-db-age 3650`),
    places.map(([, place]) => `scan ${registry}/${place} --attest --key release.key --max-db-age 3650`),
  );
}

/** A registry that others reach takes pushes by a token alone. */
function logIn({ stage, place: { registry } }: Story): void {
  const token = readFileSync(join(stage.dir, 'home', 'token'), 'utf8').trim();
  const auth = Buffer.from(`demo:${token}`).toString('base64');
  mkdirSync(join(stage.dir, 'docker'));
  const text = JSON.stringify({ auths: { [registry]: { auth } } });
  writeFileSync(join(stage.dir, 'docker', 'config.json'), text, { mode: 0o600 });
  process.env['DOCKER_CONFIG'] = join(stage.dir, 'docker');
  stage.say('$ export DOCKER_CONFIG=$PWD/docker    # a login with the token in home/token, which may push');
}

async function deploy({ stage, place }: Story, cluster: DemoCluster): Promise<void> {
  const { parse } = await import('yaml');
  stage.say('');
  stage.say(
    `# The cluster ${place.cluster?.context}: namespace ${demoNamespace}, tried by its API server, then made`,
  );
  const texts = workloads.map((name) => readFileSync(join(stage.dir, `${name}.yaml`), 'utf8'));
  await cluster.deploy(texts.map((text) => parse(text) as KubeObject));
  await sayRunning(stage, cluster);
}

/** Each to the digest that its manifest has by now, by the command that anybody has for it. */
async function moveAll(
  { stage, place: { registry, clusterFlags } }: Story,
  cluster: DemoCluster,
  images: ApiRenewalDetail['images'],
): Promise<void> {
  stage.say('');
  for (const name of workloads) {
    const to = images.find((image) => nameOf(image.reference) === name)?.to;
    if (to === undefined) continue;
    const from = demoDigest(name, registry);
    await stage.run(
      `rollout ${registry}/team/${name}:1@${from} ${to} --namespace ${demoNamespace} --settle 2s --yes${clusterFlags}`,
    );
  }
  await sayRunning(stage, cluster);
}

async function sayRunning(stage: Stage, cluster: DemoCluster): Promise<void> {
  for (const name of workloads)
    stage.say(`  deployment/${name} runs ${(await cluster.running(name)).join(', ') || 'nothing'}`);
}

function sayImage(stage: Stage, image: ApiRenewalDetail['images'][number]): void {
  const { reference, state, means, before, after, text, rollouts, from, to } = image;
  const found =
    before && after ? `, findings ${formatCountedLevels(before)} → ${formatCountedLevels(after)}` : '';
  const what =
    means === undefined
      ? text
      : `${means} ${short(from).slice(7)} → ${to === undefined ? '' : short(to).slice(7)}${found}`;
  const commit = rollouts[0]?.state === 'done' ? `, ${rollouts[0].text.slice(0, 19)}` : '';
  stage.say(`  ${nameOf(reference).padEnd(10)} ${state.padEnd(7)} ${what}${commit}`.slice(0, 200));
}

/** Gives how many workloads are still refused. */
async function admitAgain({ stage }: Story): Promise<number> {
  const files = workloads.map((name) => `${name}.yaml`);
  const { stdout } = await stage.run(`admit --git manifests.git ${files.join(' ')}`, 'any');
  const said = stdout.split('\n').filter((line) => /admitted|Forbidden/.test(line));
  for (const line of said) stage.say(`  ${line.slice(0, 190)}`);
  return workloads.length - said.filter((line) => / admitted$/.test(line)).length;
}

function pick(text: string, patterns: readonly RegExp[]): string[] {
  const lines = text.split('\n');
  return patterns
    .flatMap((pattern) => lines.filter((line) => pattern.test(line)).slice(0, 1))
    .filter((line, at, all) => all.indexOf(line) === at);
}

function nameOf(reference: string): string {
  return reference
    .slice(reference.indexOf('/') + 1)
    .replace(/^(?:team|base)\//, '')
    .replace(/:.*/, '');
}

function apiOf({ stage, http, place: { api }, signal }: Story): Api {
  const token = readFileSync(join(stage.dir, 'home', 'token'), 'utf8').trim();
  return createApi({ http, url: `http://${api}`, token, signal });
}

async function answers({ http, signal }: Story, url: string): Promise<boolean> {
  try {
    const response = await http.request({ url, retries: 0, signal });
    await response.discard();
    return response.status === 200;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function agentAnswers(stage: Stage): Promise<boolean> {
  try {
    await stage.quietly('admit shop.yaml', 1);
    return true;
  } catch {
    return false;
  }
}
