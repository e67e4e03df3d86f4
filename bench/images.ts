// Makes the images that the scan benchmark reads: a Debian base, and an application of each language on it.
// Needs root, debootstrap, npm, pip, mvn and Go; what is made is kept below the peers' folder.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const peers = process.env['SEAWORTHY_PEERS'] ?? join(homedir(), '.cache', 'seaworthy-peers');
const folder = join(peers, 'bench');

export const imageNames = ['base', 'node', 'python', 'java', 'go', 'all'] as const;
export type ImageName = (typeof imageNames)[number];

const layersOf: Record<ImageName, string[]> = {
  base: ['base'],
  node: ['base', 'node'],
  python: ['base', 'python'],
  java: ['base', 'java'],
  go: ['base', 'go'],
  all: ['base', 'node', 'python', 'java', 'go'],
};

/** Each layer's recipe: a shell script that fills $ROOT. */
const recipes: Record<string, string> = {
  base: `debootstrap bookworm "$ROOT" >&2; rm -rf "$ROOT"/var/cache/apt/archives/*.deb "$ROOT"/var/lib/apt/lists/*`,
  node: `mkdir -p "$ROOT/srv/app"; cd "$ROOT/srv/app"
    echo '{"name":"bench","version":"1.0.0"}' > package.json
    npm install --no-audit --no-fund --ignore-scripts next@14.2.5 typescript@5.5.4 webpack@5.93.0 eslint@8.57.0 jest@29.7.0 express@4.19.2 lodash@4.17.20 @babel/core@7.24.9 @babel/preset-env@7.25.0 aws-sdk@2.1659.0 >&2`,
  python: `pip install --no-compile --target "$ROOT/usr/local/lib/python3.11/site-packages" numpy==1.26.4 scipy==1.13.1 pandas==2.2.2 scikit-learn==1.5.0 matplotlib==3.9.0 Django==4.2.1 requests==2.31.0 Pillow==10.0.0 >&2`,
  java: `mkdir -p "$ROOT/opt/app" "$WORK/j"; cd "$WORK/j"
    cat > pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>bench</groupId><artifactId>app</artifactId><version>1</version><dependencies>
<dependency><groupId>org.springframework.boot</groupId><artifactId>spring-boot-starter-web</artifactId><version>2.6.6</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.14.1</version></dependency>
<dependency><groupId>com.h2database</groupId><artifactId>h2</artifactId><version>1.4.200</version></dependency>
</dependencies></project>
POM
    mvn -q -B dependency:copy-dependencies -DoutputDirectory="$WORK/j/BOOT-INF/lib" >&2
    jar cf0 "$ROOT/opt/app/app.jar" BOOT-INF`,
  go: `mkdir -p "$ROOT/usr/local/bin"; cp "$PEERS"/bin/syft "$PEERS"/bin/osv-scanner "$PEERS"/bin/govulncheck "$(go env GOROOT)/bin/go" "$ROOT/usr/local/bin/"`,
};

/** The OCI layout of an image, made when it is not there. */
export function imageOf(name: ImageName): string {
  const layout = join(folder, name);
  if (existsSync(join(layout, 'index.json'))) return layout;
  const blobs = join(layout, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const layers = layersOf[name].map((layer) => madeLayer(layer));
  for (const { digest, file } of layers) {
    const blob = join(blobs, digest);
    rmSync(blob, { force: true });
    linkSync(file, blob);
  }
  const put = (document: unknown) => {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, digest), bytes);
    return { digest: `sha256:${digest}`, size: bytes.length };
  };
  const config = put({
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => `sha256:${diffId}`) },
  });
  const manifest = put({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: layers.map(({ digest, file }) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      digest: `sha256:${digest}`,
      size: statSync(file).size,
    })),
  });
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(layout, 'index.json'),
    JSON.stringify({
      schemaVersion: 2,
      manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...manifest }],
    }),
  );
  return layout;
}

interface Layer {
  digest: string;
  diffId: string;
  file: string;
}

function madeLayer(name: string): Layer {
  const record = join(folder, `${name}.json`);
  if (existsSync(record)) return JSON.parse(readFileSync(record, 'utf8')) as Layer;
  process.stderr.write(`bench: making layer ${name}\n`);
  const work = join(folder, `work-${name}`);
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'root'), { recursive: true });
  const env = { ...process.env, ROOT: join(work, 'root'), WORK: work, PEERS: peers };
  const sh = (script: string) =>
    execFileSync('bash', ['-euo', 'pipefail', '-c', script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  sh(recipes[name]!);
  sh(`tar --sort=name --numeric-owner -C "$ROOT" -cf "$WORK/layer.tar" .; gzip -6 -n -k "$WORK/layer.tar"`);
  const sum = (file: string) => String(sh(`sha256sum "$WORK/${file}"`)).slice(0, 64);
  const layer = {
    digest: sum('layer.tar.gz'),
    diffId: sum('layer.tar'),
    file: join(folder, `${name}.tar.gz`),
  };
  renameSync(join(work, 'layer.tar.gz'), layer.file);
  rmSync(work, { recursive: true, force: true });
  writeFileSync(record, JSON.stringify(layer));
  return layer;
}
