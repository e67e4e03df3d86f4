import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pipeline, RenewalParts } from '../renewal/index.ts';
import { probeAtStart, probePipelines } from './hubprobe.ts';
import { createLog } from './log.ts';

const pipeline = (probe: Pipeline['probe']): Pipeline => ({
  kind: 'jenkins',
  start: () => Promise.reject(new Error('nothing is started')),
  follow: () => Promise.reject(new Error('nothing is followed')),
  cancel: () => Promise.reject(new Error('nothing is cancelled')),
  probe,
});
const good = pipeline(async () => {});
const wrong = pipeline(() => Promise.reject(new Error('expected the job, got 404')));
/** Says nothing, and does not hear that it shall stop. */
const deaf = pipeline(() => new Promise(() => {}));

test('every pipeline is asked once, beside the others, and one that does not answer is named too', async () => {
  const never = new AbortController().signal;
  assert.deepEqual(await probePipelines(Object.entries({ good, wrong, deaf }), never, 50), [
    { name: 'good' },
    { name: 'wrong', trouble: 'expected the job, got 404' },
    { name: 'deaf', trouble: 'no answer within 0.05 s' },
  ]);
});

test('a server that starts names in its log what is wrong, and one that stops waits for nobody', async () => {
  const lines: { pipeline?: string; trouble?: string }[] = [];
  const told = Promise.withResolvers<void>();
  const log = createLog('warn', {
    write: (text) => {
      lines.push(JSON.parse(text));
      told.resolve();
    },
  });
  const renewal = (pipelines: Record<string, Pipeline>) =>
    ({ pipelines: new Map(Object.entries(pipelines)) }) as unknown as RenewalParts;
  const stop = probeAtStart({ renewal: renewal({ good, wrong }), log });
  await told.promise;
  await stop();
  assert.deepEqual(
    lines.map((line) => [line.pipeline, line.trouble]),
    [['wrong', 'expected the job, got 404']],
  );
  await probeAtStart({ renewal: renewal({ deaf }), log })();
  await probeAtStart({ renewal: undefined, log })();
  assert.equal(lines.length, 1);
});
