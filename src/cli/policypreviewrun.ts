// The work of seaworthy policy preview, loaded when it is asked for.
import { readFileSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import {
  formatPreview,
  isRefused,
  type Preview,
  policyInCluster,
  policyOfFile,
  previewJson,
  previewPolicy,
} from '../cluster/index.ts';
import { systemClock } from '../core/index.ts';
import { type ContextOptions, clustersOf } from './contexts.ts';
import { exitCodes } from './failure.ts';
import { CliFault } from './fault.ts';
import { readText, writeOutput } from './files.ts';
import { terminalProgress } from './progress.ts';
import { type RegistryOptions, registryOptions } from './registryoptions.ts';
import { openSetting, wantsColour } from './setting.ts';

export interface Options extends ContextOptions, RegistryOptions {
  namespace?: string[];
  policyName?: string;
  pullSecrets?: boolean;
  failOn?: 'refused' | 'newly-refused';
  format: 'table' | 'json';
  output?: string;
}

export async function previewOn(file: string, options: Options, command: Command): Promise<void> {
  const clusters = await clustersOf(options);
  if (clusters.length > 1 && (options.format === 'json' || options.output !== undefined))
    throw new CliFault(
      'option-invalid',
      `expected one context for --format json and --output, got ${clusters.length}`,
    );
  const text = readText(file);
  const setting = openSetting(command);
  const progress = terminalProgress(process.stderr);
  const look = {
    columns: process.stdout.columns ?? 100,
    colour: options.output === undefined && wantsColour(),
  };
  const previews: Preview[] = [];
  try {
    for (const { open } of clusters) {
      const cluster = await open();
      try {
        const { policy, notes } = await policyOfFile(cluster, text, file, (path) =>
          readFileSync(path, 'utf8'),
        );
        const named = options.policyName === undefined ? {} : { policyName: options.policyName };
        const inForce = await policyInCluster(cluster, named);
        const preview = await previewPolicy(cluster, {
          home: setting.home,
          http: setting.http,
          clock: systemClock,
          registry: registryOptions(options),
          pullSecrets: options.pullSecrets ?? false,
          policy: { policy, from: file, changed: statSync(file).mtimeMs },
          ...(inForce.policy === undefined ? {} : { before: inForce.policy }),
          ...(options.namespace === undefined ? {} : { namespaces: options.namespace }),
          stage: (said) => progress?.stage(said),
        }).finally(() => progress?.clear());
        const problem =
          inForce.problem === undefined
            ? []
            : [`the cluster's own policy does not count: ${inForce.problem}`];
        previews.push({ ...preview, notes: [...problem, ...notes, ...preview.notes] });
      } finally {
        await cluster.close();
      }
    }
    const shown = previews.map((preview) =>
      options.format === 'json' ? previewJson(preview) : formatPreview(preview, look),
    );
    await writeOutput(shown.join('\n'), options.output);
    process.exitCode = previews.some((preview) => fails(preview, options.failOn))
      ? exitCodes.failed
      : exitCodes.done;
  } finally {
    await setting.close();
  }
}

function fails({ rows }: Preview, failOn: Options['failOn']): boolean {
  return rows.some(
    ({ verdict, before }) =>
      failOn !== undefined && isRefused(verdict) && (failOn === 'refused' || !isRefused(before)),
  );
}
