// Which clusters a command is for: contexts of one kubeconfig.
import type { Command } from 'commander';
import type { Cluster } from '../cluster/kube/index.ts';
import { CliFault } from './fault.ts';
import { collect } from './setting.ts';

export interface ContextOptions {
  context?: string[];
  allContexts?: boolean;
  kubeconfig?: string;
}

export function withContextOptions(command: Command): Command {
  return command
    .option(
      '--context <name>',
      'context of the kubeconfig (repeat or separate by commas; default: the current one)',
      collect,
    )
    .option('--all-contexts', 'every context of the kubeconfig')
    .option('--kubeconfig <file>', 'kubeconfig (KUBECONFIG; default: ~/.kube/config)');
}

/** Throws KubeFault `kubeconfig-unreadable`, `context-unknown`; CliFault `option-invalid`. */
export async function clustersOf(
  options: ContextOptions,
): Promise<{ context: string; open(): Promise<Cluster> }[]> {
  const { openCluster, readKubeconfig } = await import('../cluster/kube/index.ts');
  if (options.allContexts && options.context !== undefined)
    throw new CliFault('option-invalid', 'expected --context or --all-contexts, got both');
  const kubeconfig = await readKubeconfig(options.kubeconfig);
  const names = options.allContexts
    ? kubeconfig.contexts
    : [...new Set(options.context ?? [kubeconfig.access(undefined).context])];
  // A context that is not there at all is a mistake of whoever asks, and no cluster that is away.
  for (const name of options.context ?? []) kubeconfig.access(name);
  const file = options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig };
  return names.map((context) => ({ context, open: () => openCluster({ ...file, context }) }));
}
