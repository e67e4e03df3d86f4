// What follows a renewed image: repositories of manifests by commit, clusters by orders that their agents fetch.
import { commitGit, GitFault, openRepository, planGit } from '../cluster/git/index.ts';
import { parseReference } from '../image/index.ts';
import type { RolloutLook, RolloutOrder, RolloutTarget } from '../renewal/index.ts';

export interface GitTarget {
  repository: string;
  branch?: string;
  onBranch?: boolean;
}

const tries = 3;

/** A commit is made once: the same change finds it again. What is deployed from the repository follows by itself. */
export function gitTarget(settings: GitTarget, env: NodeJS.ProcessEnv): RolloutTarget {
  // two commits at once on one branch would meet each other
  let last: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work);
    last = mine.catch(() => {});
    return mine;
  };
  const made = new Map<string, RolloutLook>();
  return {
    async start(order, signal) {
      made.set(order.id, await alone(() => commitAgain(settings, order, env, signal)));
    },
    async look(order, signal) {
      // after a restart the commit is looked for again, and found
      const look = made.get(order.id) ?? (await alone(() => commitAgain(settings, order, env, signal)));
      made.delete(order.id);
      return look;
    },
  };
}

/** Somebody else's push between our look and ours is met by looking again. */
async function commitAgain(
  settings: GitTarget,
  order: RolloutOrder,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<RolloutLook> {
  for (let tried = 1; ; tried++)
    try {
      return await commit(settings, order, env, signal);
    } catch (error) {
      if (!(error instanceof GitFault) || error.code !== 'git-failed' || tried >= tries) throw error;
    }
}

async function commit(
  settings: GitTarget,
  order: RolloutOrder,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<RolloutLook> {
  const { domain, repository: name } = parseReference(order.reference);
  const change = { domain, repository: name, from: order.from, to: order.to };
  const repository = await openRepository(settings.repository, {
    env,
    signal,
    ...(settings.branch === undefined ? {} : { base: settings.branch }),
  });
  try {
    const onBase = settings.onBranch === true;
    const made = await commitGit(repository, change, { cause: order.cause, push: true, onBase });
    if (made !== undefined)
      return {
        state: 'done',
        text: `commit ${made.commit.slice(0, 12)} on ${made.branch} of ${repository.name}`,
      };
    const back = await planGit(repository, { ...change, from: order.to, to: order.from });
    return back.files.length > 0
      ? { state: 'done', text: `${repository.name} names it since ${repository.base.commit.slice(0, 12)}` }
      : { state: 'nothing', text: `${repository.name} does not name ${order.from}` };
  } finally {
    repository.close();
  }
}
