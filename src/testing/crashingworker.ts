// A process that works on jobs and dies where it is told to: `node crashingworker.ts URL STEP`.
import { finish, openLedger, startWorkers, type Write } from '../ledger/index.ts';
import { type EffectTables, effects } from './effects.ts';

const [url, step] = process.argv.slice(2);
const ledger = await openLedger({ url: url!, books: [effects] });

/** Says so, and dies at once; `pause` waits for the parent to stop and continue it. */
async function at(name: string): Promise<void> {
  if (name !== step) return;
  if (name === 'pause') {
    const goOn = new Promise((resolve) => process.stdin.once('data', resolve));
    process.stdout.write('paused\n');
    await goOn;
    return;
  }
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => {});
}

startWorkers(ledger, {
  concurrency: 1,
  onFailure: (_, error) => process.stdout.write(`failed: ${String(error)}\n`),
  handlers: {
    effect: async (job) => {
      await at('leased');
      await at('pause');
      await ledger.write(async (write: Write<EffectTables>) => {
        await write
          .insertInto('effects_done')
          .values({ n: Number(job.payload['n']) })
          .execute();
        await at('written');
        await finish(write, job);
        await at('finished');
      });
      await at('committed');
      return 'done';
    },
  },
});
