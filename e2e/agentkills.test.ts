// kill -9 of the agent at every step of an order: nothing rolls out twice, nothing is lost, and the record says what happened.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { kinds, type OrderScene, openScene, type Point } from './orderscene.ts';
import { pushRolloutImages, type RolloutImages } from './rolloutimages.ts';

/** Steps that an order has today, and that a return has beside them. */
const least = { moving: 10, returning: 6 };
const lanes = { moving: 3, returning: 6 };

interface Ordered {
  images: RolloutImages;
  scene: OrderScene;
  program: 'pause' | 'crash';
  point?: Point;
}

/** One order from what runs to a new digest; killed at the point, started again, and judged by what it left. */
async function carriedOut({ images, scene, program, point }: Ordered): Promise<string[]> {
  const { server, steps } = scene;
  const before = await scene.standing();
  const [running = ''] = before.Deployment.images;
  const [name = '', from = ''] = running.split('@');
  const to = await images.another(program);
  // the first order of an agent makes its memory, later ones change it
  if (point?.step.startsWith('POST configmaps')) await scene.forgetAll();
  steps.length = 0;
  const gone = point === undefined ? undefined : scene.killedAt(point);
  const id = await server.issue({ reference: name, from, to, cause: 'a base moved' });
  const ended = scene.over(id).then(() => scene.closed());
  if (gone !== undefined) {
    await Promise.race([gone, ended]);
    assert.ok(!scene.isArmed(), `the order was over before ${point?.step}:\n${steps.join('\n')}`);
    await gone;
    scene.start();
  }
  await ended;

  const isGood = program === 'pause';
  const after = await scene.standing();
  const { state, text } = await server.look(id);
  assert.equal(state, isGood ? 'done' : 'returned', text);
  const ends = server.reports.filter((one) => one.id === id && one.state !== 'running');
  assert.deepEqual(ends, [{ id, state, text, isAccepted: true }], 'its outcome is told once');
  for (const kind of kinds) {
    const { record, ...stands } = after[kind];
    const changes = before[kind].changes + (isGood ? 1 : 2);
    const templates = before[kind].templates + 1;
    assert.deepEqual(stands.images, [`${name}@${isGood ? to : from}`], kind);
    assert.deepEqual({ changes: stands.changes, templates: stands.templates }, { changes, templates }, kind);
    assert.deepEqual(
      { id: record?.id, from: record?.from, to: record?.to, state: record?.state },
      { id, from, to, state: isGood ? 'moved' : 'returned' },
      kind,
    );
    assert.equal(stands.holds.filter(({ digest }) => digest === to).length, isGood ? 0 : 1, kind);
    assert.match(text, new RegExp(`${kind} ${scene.space}/\\w+ ${isGood ? 'moved' : 'returned'}`));
  }
  assert.deepEqual(after.memory?.open, {});
  return [...new Set(steps)];
}

/** The same on each of the scenes, one after the other in it, for as long as there are points. */
async function killAll(
  t: TestContext,
  scenes: readonly OrderScene[],
  { images, program }: Pick<Ordered, 'images' | 'program'>,
  steps: readonly string[],
): Promise<number> {
  const points = steps.flatMap((step) =>
    step.startsWith('GET') ? [{ step, lost: true }] : [false, true].map((lost) => ({ step, lost })),
  );
  const count = points.length;
  const what = program === 'pause' ? 'moves both workloads once' : 'brings both workloads back once';
  const lane = async (scene: OrderScene) => {
    for (let point = points.shift(); point !== undefined; point = points.shift()) {
      const { step, lost } = point;
      const when = lost ? `after ${step} was done, before it hears so,` : `before ${step} is done`;
      await t.test(`an agent killed ${when} ${what}`, { timeout: 300_000 }, async () => {
        await carriedOut({ images, scene, program, point: { step, lost } });
      });
    }
  };
  await Promise.all(scenes.map(lane));
  return count;
}

test('an agent that is killed at every step of an order carries it out, once', {
  concurrency: true,
}, async (t) => {
  const images = await pushRolloutImages('kills');
  t.after(() => images.stop());
  const open = async (name: string) => {
    const image = `${images.repository}:good1@${await images.another('pause')}`;
    const scene = await openScene(t, name, image);
    await scene.ready();
    scene.start();
    return scene;
  };
  const openAll = (kind: keyof typeof lanes) =>
    Promise.all(Array.from({ length: lanes[kind] }, (_, i) => open(`${kind}-${i + 1}`)));
  const [moving, returning] = await Promise.all([openAll('moving'), openAll('returning')]);
  const undisturbed = async (scene: OrderScene, program: Ordered['program']) => {
    // with no memory of orders yet, then with one
    const first = await carriedOut({ images, scene, program: 'pause' });
    return [...new Set([...first, ...(await carriedOut({ images, scene, program }))])];
  };
  const moves = undisturbed(moving[0]!, 'pause');
  const returns = undisturbed(returning[0]!, 'crash');
  const kills = await Promise.all([
    moves.then((steps) => {
      assert.ok(steps.length >= least.moving, steps.join('\n'));
      return killAll(t, moving, { images, program: 'pause' }, steps);
    }),
    Promise.all([moves, returns]).then(([usual, steps]) => {
      const more = steps.filter((step) => !usual.includes(step));
      assert.ok(more.length >= least.returning, more.join('\n'));
      return killAll(t, returning, { images, program: 'crash' }, more);
    }),
  ]);
  t.diagnostic(`${kills[0]} kills of orders that work, ${kills[1]} of orders that come back`);
});
