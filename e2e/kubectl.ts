// kubectl as people run it: an opinion of its own about what the API server answers.
import { spawnSync } from 'node:child_process';

export interface Answer {
  ok: boolean;
  /** Both outputs. */
  text: string;
}

/** `input`: an object that is given on standard input, for `-f -`. */
export function kubectl(args: readonly string[], input?: unknown): Answer {
  const { status, stdout, stderr } = spawnSync('kubectl', args, {
    encoding: 'utf8',
    timeout: 60_000,
    ...(input === undefined ? {} : { input: typeof input === 'string' ? input : JSON.stringify(input) }),
  });
  return { ok: status === 0, text: `${stdout}${stderr}` };
}

/** Asks again until it holds; the API server follows its own policies within a second or two. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  for (const deadline = Date.now() + ms; ; ) {
    if (await holds()) return;
    if (Date.now() > deadline) throw new Error(`expected within ${ms / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
