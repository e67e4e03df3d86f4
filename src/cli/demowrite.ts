// What the demo starts from, written to a directory: images, policy, configuration, manifests and their repository.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoManifest, demoPolicy, demoServer } from './demofiles.ts';
import { created, demoDigest, writeDemoImages } from './demoimages.ts';
import type { DemoPlace } from './demoplace.ts';

export async function writeDemo(dir: string, place: DemoPlace): Promise<void> {
  mkdirSync(dir, { recursive: true });
  const { registry, cluster } = place;
  writeDemoImages(dir, registry);
  writeFileSync(join(dir, 'policy.yaml'), demoPolicy(registry));
  writeFileSync(join(dir, 'server.yaml'), demoServer(place));
  const files: Record<string, string> = {};
  for (const name of ['shop', 'web', 'api'])
    files[`${name}.yaml`] = demoManifest(
      name,
      `${registry}/team/${name}:1@${demoDigest(name, registry)}`,
      cluster !== undefined,
    );
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const { makeRepository } = await import('../cluster/git/index.ts');
  await makeRepository(join(dir, 'manifests.git'), {
    branch: 'main',
    files,
    message: 'what the cluster is deployed from',
    name: 'Seaworthy demo',
    email: 'demo@seaworthy.invalid',
    at: new Date(created),
  });
}
