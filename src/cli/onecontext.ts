// The one cluster that a command changes: never several at once.
import type { Command } from 'commander';
import { type Cluster, openCluster } from '../cluster/kube/index.ts';

export interface OneContext {
  context?: string;
  kubeconfig?: string;
}

export function withOneContext(command: Command): Command {
  return command
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig (KUBECONFIG; default: ~/.kube/config)');
}

/** Throws KubeFault `kubeconfig-unreadable`, `context-unknown`. */
export function openOne({ context, kubeconfig }: OneContext): Promise<Cluster> {
  return openCluster({
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  });
}

/** Says each step on standard error: on a terminal's last line, else what takes time as lines. */
export function stepsTo(
  progress: { stage(text: string): void } | undefined,
  stream: { write(text: string): unknown } = process.stderr,
): (text: string) => void {
  let last = '';
  return (text) => {
    if (progress !== undefined) progress.stage(text);
    else if (text !== last && /^(?:waiting|asking)/.test(text)) stream.write(`${text}\n`);
    last = text;
  };
}
