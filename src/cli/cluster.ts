// seaworthy cluster: what runs in a cluster, and the agent that guards it.
import { Command } from 'commander';
import { clusterEnforceCommand } from './clusterenforce.ts';
import { clusterInstallCommand } from './clusterinstall.ts';
import { clusterStatusCommand } from './clusterstatus.ts';
import { clusterUninstallCommand } from './clusteruninstall.ts';

export function clusterCommand(): Command {
  return new Command('cluster')
    .description('Show what runs in a cluster, and how it stands today; install the agent that guards it.')
    .addCommand(clusterStatusCommand())
    .addCommand(clusterInstallCommand())
    .addCommand(clusterEnforceCommand())
    .addCommand(clusterUninstallCommand());
}
