// Feeds damaged input to every parser of strangers' bytes: nothing but an answer or a Fault may come out, in bounded
// time and memory.   node scripts/fuzz.ts [SECONDS for each parser]     default: 10; two processes side by side
import { spawn } from 'node:child_process';
import { isFault } from '../src/core/index.ts';
import { mutations } from '../src/testing/mutate.ts';
import { parsers } from '../src/testing/parsers.ts';

const seconds = Number(process.argv[2] ?? 10);
const slowest = 2000;
const mostMegabytes = 500;

interface Outcome {
  name: string;
  inputs: number;
  worst: number;
  megabytes: number;
  problem?: string;
}

if (process.argv[3] === undefined) await everything();
else
  for (const name of process.argv[3].split(','))
    process.stdout.write(`${JSON.stringify(await fuzz(name))}\n`);

async function everything(): Promise<void> {
  const names = Object.keys(parsers);
  const halves = [names.filter((_, i) => i % 2 === 0), names.filter((_, i) => i % 2 === 1)];
  const outcomes = (await Promise.all(halves.map(half))).flat();
  const failed = outcomes.filter(({ problem }) => problem !== undefined);
  process.stdout.write(
    `fuzz: run ${outcomes.length}, skipped ${names.length - outcomes.length}, failed ${failed.length}\n`,
  );
  process.exitCode = failed.length > 0 || outcomes.length !== names.length ? 1 : 0;
}

function half(names: string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const child = spawn(
    process.execPath,
    ['--expose-gc', import.meta.filename, String(seconds), names.join(',')],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const outcome = JSON.parse(text.slice(0, end)) as Outcome;
      text = text.slice(end + 1);
      outcomes.push(outcome);
      const { name, inputs, worst, megabytes, problem } = outcome;
      process.stdout.write(
        `${problem ? 'FAIL' : 'ok  '} ${name.padEnd(24)} ${String(inputs).padStart(9)} inputs, worst ${worst.toFixed(0).padStart(5)} ms, ${megabytes.toFixed(0).padStart(4)} MB${problem ? `\n     ${problem}` : ''}\n`,
      );
    }
  });
  return new Promise((resolve) => child.on('exit', () => resolve(outcomes)));
}

async function fuzz(name: string): Promise<Outcome> {
  const { corpus, parse } = parsers[name]!;
  const outcome: Outcome = { name, inputs: 0, worst: 0, megabytes: 0 };
  const end = performance.now() + seconds * 1000;
  let nextLook = 0;
  for (let seed = 1; performance.now() < end; seed++) {
    for (const sample of corpus())
      for (const bytes of mutations(sample, seed, 50)) {
        if (performance.now() >= end) break;
        const started = performance.now();
        try {
          await parse(bytes);
        } catch (error) {
          if (!isFault(error)) {
            outcome.problem = `seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n     input ${bytes.subarray(0, 200).toString('base64')}`;
            return outcome;
          }
        }
        outcome.inputs++;
        outcome.worst = Math.max(outcome.worst, performance.now() - started);
      }
    if (performance.now() < nextLook) continue;
    nextLook = performance.now() + 1000;
    // What is kept counts, not what waits to be collected.
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
    const used = process.memoryUsage();
    outcome.megabytes = Math.max(outcome.megabytes, (used.heapUsed + used.external) / 1e6);
  }
  if (outcome.worst > slowest)
    outcome.problem = `expected every input within ${slowest} ms, got ${outcome.worst.toFixed(0)}`;
  if (outcome.megabytes > mostMegabytes)
    outcome.problem = `expected at most ${mostMegabytes} MB, got ${outcome.megabytes.toFixed(0)}`;
  return outcome;
}
