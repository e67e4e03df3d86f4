// What is built from: a directory as it is, or one commit of a git repository, checked out for this build alone.
import { mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { openRepository } from '../../cluster/git/index.ts';
import { isFault, messageOf } from '../../core/index.ts';
import { PipelineFault } from './fault.ts';

export interface BuildSource {
  /** Directory, or URL of a git repository. */
  context: string;
  /** Branch, tag or commit; a directory is a repository then. */
  ref?: string;
  /** Below the context. */
  directory?: string;
  dockerfile?: string;
}

export interface BuildContext {
  directory: string;
  dockerfile: string;
  ignoreFile?: string;
  /** Of the repository. */
  commit?: string;
  /** Seconds since 1970 of that commit. */
  date?: number;
}

const dockerfileBytes = 1 << 20;

/** Rejects with PipelineFault `build-impossible`, and `pipeline-failed` where the network is in the way. */
export async function openContext(
  source: BuildSource,
  target: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<BuildContext> {
  const isGit =
    source.ref !== undefined ||
    /^[a-z][a-z0-9+.-]*:\/\//i.test(source.context) ||
    /^[\w.-]+@[^/]+:/.test(source.context);
  if (!isGit) return contextIn(resolve(source.context), source);
  try {
    const checkedOut = await checkOut(source, target, env, signal);
    return { ...contextIn(target, source), ...checkedOut };
  } catch (error) {
    if (!isFault(error) || error instanceof PipelineFault) throw error;
    const isAway = /resolve host|connect|timed out|timeout|unable to access|early EOF/i.test(error.message);
    throw new PipelineFault(isAway ? 'pipeline-failed' : 'build-impossible', error.message, {
      hint: error.hint ?? 'Check context and ref.',
      cause: error,
    });
  }
}

async function checkOut(
  { context, ref }: BuildSource,
  target: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<{ commit: string; date: number }> {
  const isCommit = ref !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
  const repository = await openRepository(context, {
    env,
    signal,
    ...(ref === undefined || isCommit ? {} : { base: ref }),
  });
  try {
    const { git } = repository;
    if (isCommit && repository.isClone)
      await git.text(['fetch', '--quiet', '--depth', '1', '--no-tags', 'origin', ref]);
    const commit = isCommit
      ? await git.text(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`])
      : repository.base.commit;
    mkdirSync(target, { recursive: true });
    // an index of its own: that of a directory's repository is somebody's work
    const call = { env: { GIT_INDEX_FILE: join(repository.scratch, 'build-index') } };
    await git.text(['read-tree', commit], call);
    await git.text(['--work-tree', target, 'checkout-index', '--all', '--force'], call);
    return { commit, date: Number(await git.text(['show', '--no-patch', '--format=%ct', commit])) };
  } finally {
    repository.close();
  }
}

function contextIn(root: string, source: BuildSource): BuildContext {
  const directory = inside(root, source.directory ?? '.', 'directory');
  const name = source.dockerfile ?? 'Dockerfile';
  const file = inside(directory, name, 'dockerfile');
  const { size } = statSync(file);
  if (size > dockerfileBytes) throw impossible(`a Dockerfile of at most ${dockerfileBytes} bytes`, `${size}`);
  const ignoreFile = `${file}.dockerignore`;
  return {
    directory,
    dockerfile: readFileSync(file, 'utf8'),
    ...(statSync(ignoreFile, { throwIfNoEntry: false }) === undefined ? {} : { ignoreFile }),
  };
}

/** A link in a repository must not lead the build out of it. */
function inside(root: string, path: string, what: string): string {
  let real: string;
  try {
    real = realpathSync(join(root, path));
  } catch (cause) {
    throw impossible(`${what} ${path} in the context`, messageOf(cause));
  }
  const way = relative(realpathSync(root), real);
  if (way === '..' || way.startsWith('../') || way.startsWith('/'))
    throw impossible(`${what} inside the context`, path);
  return real;
}

function impossible(expected: string, got: string): PipelineFault {
  return new PipelineFault('build-impossible', `expected ${expected}, got ${got.slice(0, 200)}`, {
    hint: 'Check context, ref, directory and dockerfile of the pipeline.',
  });
}
