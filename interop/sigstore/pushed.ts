// A new small image in a registry, pushed by skopeo.
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { makeImage, writeLayout } from '../../src/testing/images.ts';
import { sh } from '../peers.ts';

/** Reference by digest; the tag `v1` names it, too. With `platforms` above one it is an index. */
export function pushed(work: string, host: string, repository: string, platforms = 1): string {
  const architectures = ['amd64', 'arm64', 's390x'].slice(0, platforms);
  const images = architectures.map((architecture) =>
    makeImage({
      layers: [[{ path: 'name', data: `${repository} ${architecture} ${Math.random()}` }]],
      platform: { os: 'linux', architecture },
    }),
  );
  const layout = mkdtempSync(join(work, 'layout-'));
  writeLayout(layout, [{ images, tag: 'latest' }]);
  const name = `docker://${host}/${repository}`;
  sh(`skopeo copy -q --all --dest-tls-verify=false "oci:${layout}:latest" "${name}:v1" >&2`);
  const digest = sh(
    `skopeo inspect --raw --tls-verify=false "${name}:v1" | sha256sum | cut -d' ' -f1`,
  ).trim();
  return `${host}/${repository}@sha256:${digest}`;
}
