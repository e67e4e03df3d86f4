// Base pushed → ten images on it rebased, scanned, signed, allowed → ten deployments on the new digests, on a real
// cluster; each step is printed.
//   npm run e2e -- bench/loop.ts
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { agentAnswers, done, field, install, must, uninstall } from '../e2e/agent.ts';
import { build } from '../e2e/buildah.ts';
import { eventually, kubectl } from '../e2e/kubectl.ts';
import * as languages from '../e2e/languages.ts';
import {
  agentSecret,
  at,
  client,
  deployment,
  home,
  killServer,
  pinned,
  prepareServer,
  release,
  startServer,
  system,
  work,
} from '../e2e/loopserver.ts';

const count = 10;
const space = 'bench-loop';
const names = Array.from({ length: count }, (_, at) => `app${at}`);
const made = join(work, 'made');
const say = (text: string) => process.stdout.write(`${text}\n`);

interface Image {
  reference: string;
  state: string;
  steps: { step: string; startedAt: string; endedAt: string }[];
}

function base(version: string): void {
  languages.setWebp(made, version);
  build(work, at('base/debian:12'), {
    lines: ['FROM scratch', 'COPY amd64 /', 'ENTRYPOINT ["/base-app"]'],
    trees: { amd64: join(made, 'amd64') },
  });
}

/** When each deployment was seen with all its pods of another image than now. */
function watchMoves(): { moved: Map<string, number>; stop(): void } {
  const moved = new Map<string, number>();
  const columns =
    'custom-columns=:.metadata.name,:.metadata.generation,:.status.observedGeneration,:.status.updatedReplicas,:.status.replicas,:.status.availableReplicas';
  const child = spawn(
    'kubectl',
    ['-n', space, 'get', 'deployments', '--watch', '--no-headers', '-o', columns],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    const lines = (rest + more).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const [name = '', generation, observed, updated, all, available] = line.trim().split(/\s+/);
      const isMoved = Number(generation) > 1 && generation === observed;
      if (isMoved && updated === '1' && all === '1' && available === '1' && !moved.has(name))
        moved.set(name, Date.now());
    }
  });
  return { moved, stop: () => void child.kill() };
}

try {
  languages.debianBase(made);
  prepareServer({ images: names });
  await startServer();
  base('1.2.4-0.2');
  release('base/debian:12');
  for (const name of names) {
    mkdirSync(join(work, name));
    build(work, at(`team/${name}:1`), {
      lines: [`FROM ${at('base/debian:12')}`, 'COPY data /data', 'LABEL dev.seaworthy.rebasable=true'],
      files: { data: `${name}\n`.repeat(100_000) },
    });
    release(`team/${name}:1`);
  }
  for (const name of [space, system]) kubectl(['create', 'namespace', name]);
  done(['create', '-f', '-'], agentSecret());
  install(home, join(work, 'policy.yaml'), '--mutate', '--server-secret', 'seaworthy-server');
  must(home, 0, 'cluster', 'enforce', space, '--yes');
  await agentAnswers(space);
  for (const name of names) done(['create', '-f', '-'], deployment(space, name, pinned(`team/${name}:1`)));
  for (const name of names) done(['-n', space, 'rollout', 'status', `deployment/${name}`, '--timeout=120s']);
  const image = field(['-n', space, 'get', 'deployment', 'app0'], '.spec.template.spec.containers[0].image');
  say(`${count} deployments run, as ${image.split('@')[0]}`);

  const watched = watchMoves();
  base('1.2.4-0.2+deb12u1');
  release('base/debian:12');
  const pushed = Date.now();
  say('the fixed base is pushed and signed: 0.0 s');
  await eventually('every deployment runs another digest', () => watched.moved.size === count, 300_000);
  const ran = Math.max(...watched.moved.values());
  client('renewals', '--wait', 'over');
  const over = Date.now();
  watched.stop();
  const [{ id } = { id: '' }] = JSON.parse(client('renewals', '--format', 'json').stdout).renewals;
  const { images } = JSON.parse(client('renewals', id, '--format', 'json').stdout) as { images: Image[] };
  const steps = new Map<string, { from: number; to: number }>();
  for (const { step, startedAt, endedAt } of images.flatMap(({ steps }) => steps)) {
    const known = steps.get(step);
    const [from, to] = [Date.parse(startedAt), Date.parse(endedAt)];
    steps.set(step, { from: Math.min(from, known?.from ?? from), to: Math.max(to, known?.to ?? to) });
  }
  const since = (ms: number) => `${((ms - pushed) / 1000).toFixed(1)} s`;
  for (const [step, { from, to }] of steps)
    say(`  ${step.padEnd(10)} first begun at ${since(from)}, last ended at ${since(to)}`);
  const begun = Math.min(...[...steps.values()].map(({ from }) => from));
  const allowed = steps.get('checking')!.to;
  say(`${images.length} images: ${[...new Set(images.map(({ state }) => state))].join(', ')}`);
  say(`the renewal began at ${since(begun)} (the base has to stand still for 1 s)`);
  say(
    `last image allowed at ${since(allowed)}, ${((allowed - begun) / 1000).toFixed(1)} s after it began (asked: 5 s)`,
  );
  say(`last of ${count} deployments on its new digest at ${since(ran)} (asked: 60 s)`);
  say(`each rollout watched to its end at ${since(over)}`);
} finally {
  kubectl(['delete', 'namespace', space, '--wait=false']);
  uninstall(home);
  await killServer();
  rmSync(work, { recursive: true, force: true });
}
