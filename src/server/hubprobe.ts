// Whether the pipelines of a configuration could be asked now: a wrong token, address or job is named before it is needed.
import { isFault, messageOf } from '../core/index.ts';
import type { Pipeline } from '../renewal/index.ts';
import type { HubParts } from './hubparts.ts';

/** Ms that a service is given to answer. */
const patience = 20_000;

export interface Probed {
  name: string;
  /** Why it could not be asked; absent: it could. */
  trouble?: string;
}

export async function probePipelines(
  pipelines: Iterable<readonly [string, Pipeline]>,
  signal: AbortSignal = new AbortController().signal,
  within = patience,
): Promise<Probed[]> {
  return Promise.all(
    [...pipelines].map(async ([name, pipeline]) => {
      const late = AbortSignal.timeout(within);
      const both = AbortSignal.any([signal, late]);
      const over = Promise.withResolvers<never>();
      const onAbort = () => over.reject(both.reason);
      both.addEventListener('abort', onAbort, { once: true });
      try {
        await Promise.race([pipeline.probe(both), over.promise]);
        return { name };
      } catch (error) {
        return { name, trouble: late.aborted ? `no answer within ${within / 1000} s` : troubleOf(error) };
      } finally {
        both.removeEventListener('abort', onAbort);
      }
    }),
  );
}

function troubleOf(error: unknown): string {
  const hint = isFault(error) && error.hint !== undefined ? ` (${error.hint})` : '';
  return `${messageOf(error)}${hint}`;
}

/** Beside everything else: a server starts though a pipeline is away. Gives what ends it. */
export function probeAtStart({ renewal, log }: Pick<HubParts, 'renewal' | 'log'>): () => Promise<void> {
  const stop = new AbortController();
  const done = probePipelines(renewal?.pipelines ?? [], stop.signal).then((probed) => {
    for (const { name: pipeline, trouble } of probed)
      if (trouble === undefined) log.debug({ pipeline }, 'a pipeline can be asked');
      else if (!stop.signal.aborted)
        log.warn({ pipeline, trouble }, 'a pipeline cannot be asked: what needs it will not be rebuilt');
  });
  return async () => {
    stop.abort(new Error('the server stops'));
    await done;
  };
}
