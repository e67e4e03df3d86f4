// How a rollout talks to the person who started it: steps as they happen, a question before anything moves.

import { hostname, userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Step } from '../cluster/rollout/index.ts';

interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** On a terminal what goes on stays on one line; elsewhere every news is a line. */
export function stepLines(terminal: Terminal): { step(step: Step): void; clear(): void } {
  const said = new Map<string, string>();
  let isOpen = false;
  const clear = () => {
    if (isOpen) terminal.write('\r\x1b[2K');
    isOpen = false;
  };
  return {
    clear,
    step({ step, text, kind, namespace, name }) {
      const workload = `${kind} ${namespace}/${name}`;
      const line = `${workload}: ${step === 'progress' ? '' : `${step}, `}${text}`;
      if (said.get(workload) === line) return;
      said.set(workload, line);
      clear();
      if (!terminal.isTTY || step !== 'progress') {
        terminal.write(`  ${line}\n`);
        return;
      }
      terminal.write(`  ${line}`.slice(0, Math.max(10, (terminal.columns ?? 80) - 1)));
      isOpen = true;
    },
  };
}

/** False where nobody can be asked. */
export async function confirmed(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return false;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test((await asking.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    asking.close();
  }
}

/** The name by which the API server knows us; where it does not say, `ana@build-7` as this machine does. */
export async function personOf(cluster: { whoami(): Promise<string | undefined> }): Promise<string> {
  const account = await cluster.whoami();
  if (account !== undefined) return account;
  let user = process.env['USER'] ?? 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // a container's user may have no name
  }
  return `${user}@${hostname()}`;
}
