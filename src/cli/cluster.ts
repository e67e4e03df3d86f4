// seaworthy cluster: what runs in a cluster, and the agent that guards it.
import { Command } from 'commander';
import { clusterStatusCommand } from './clusterstatus.ts';

export function clusterCommand(): Command {
  return new Command('cluster')
    .description('Show what runs in a cluster, and how it stands today.')
    .addCommand(clusterStatusCommand());
}
