// The independent tools that the interop suite compares with: where they lie, and how they get there.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Everything that is built or made once is kept here, outside the checkout. */
export const peers = process.env['SEAWORTHY_PEERS'] ?? join(homedir(), '.cache', 'seaworthy-peers');
export const bin = join(peers, 'bin');
export const root = join(import.meta.dirname, '..');
export const data = join(root, '..', 'shared', 'data');
mkdirSync(bin, { recursive: true });

/** A bash script, to its end or an error with what it said. */
export function sh(script: string, env: Record<string, string> = {}): string {
  return execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
    env: { ...process.env, PEERS: peers, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** Debian packages that the suite needs, by the command each brings. */
const debian: Record<string, string> = {
  debootstrap: 'debootstrap',
  skopeo: 'skopeo',
  rpmbuild: 'rpm',
  'docker-registry': 'docker-registry',
  podman: 'podman',
  buildah: 'buildah',
  busybox: 'busybox-static',
  time: 'time',
  pg_createcluster: 'postgresql',
  sqlite3: 'sqlite3',
};

/** By the name each gets in `bin`: go names a command after its folder, and two of these would be `cosign`. */
const goTools: Record<string, { module: string; env?: Record<string, string> }> = {
  syft: { module: 'github.com/anchore/syft/cmd/syft@v1.57.0' },
  'osv-scanner': {
    module: 'github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.6.0',
    env: { GOTOOLCHAIN: 'go1.27.0' },
  },
  govulncheck: { module: 'golang.org/x/vuln/cmd/govulncheck@v1.9.0' },
  cosign2: { module: 'github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5' },
  cosign3: { module: 'github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3' },
  fulcio: { module: 'github.com/sigstore/fulcio@v1.8.8' },
  'rekor-server': {
    module: 'github.com/sigstore/rekor-tiles/v2/cmd/rekor-server/posix@v2.3.0',
    env: { GOTOOLCHAIN: 'go1.27.0' },
  },
  crane: { module: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1' },
  helm: { module: 'helm.sh/helm/v3/cmd/helm@v3.19.0' },
  /** Distribution 3. */
  registry3: { module: 'github.com/distribution/distribution/v3/cmd/registry@v3.1.2' },
  'timestamp-server': {
    module: 'github.com/sigstore/timestamp-authority/v2/cmd/timestamp-server@v2.1.5',
    env: { GOTOOLCHAIN: 'go1.27.0' },
  },
};

/** Builds a tool of the list that is missing; its path. */
export function installGo(name: string): string {
  const file = join(bin, name);
  const tool = goTools[name];
  if (tool !== undefined && !existsSync(file))
    sh(
      `echo "building ${tool.module}" >&2; made=$(mktemp -d -p "$PEERS"); trap 'rm -rf "$made"' EXIT
      GOBIN="$made" go install ${tool.module}; mv "$made"/* "${file}"`,
      tool.env ?? {},
    );
  return file;
}

/** Installs what is missing; cold it takes some minutes, warm none. */
export function install(): void {
  const missing = Object.entries(debian)
    .filter(([command]) => !has(command))
    .map(([, name]) => name);
  if (missing.length > 0)
    sh(`(apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}) >&2`);
  for (const name of Object.keys(goTools)) installGo(name);
  installHelper('ggcr-registry', 'ggcr');
  installHelper('notation-peer', 'notation');
  installHelper('dockerfile-peer', 'dockerfile');
  if (!existsSync(join(bin, 'cargo-auditable')))
    sh(`cargo install --locked --quiet cargo-auditable@0.7.7 --root "${peers}" >&2`);
  if (!existsSync(join(peers, 'validators', 'done')))
    sh(`python3 -m venv "$PEERS/validators"
      "$PEERS/validators/bin/pip" -q install 'cyclonedx-python-lib[json-validation]==11.12.0' 'spdx-tools==0.8.5' >&2
      cd "$PEERS/validators" && npm init -y >/dev/null && npm install --ignore-scripts --no-audit --no-fund @microsoft/sarif-multitool@5.7.0 >&2
      chmod +x node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
      touch done`);
}

/** One of our own small Go programs, below `interop/`, made again when its source is newer than the binary. */
function installHelper(name: string, folder: string): void {
  const source = join(root, 'interop', folder);
  const made = statSync(join(bin, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (readdirSync(source).every((file) => statSync(join(source, file)).mtimeMs < made)) return;
  sh(`echo "building ${folder}" >&2; cd "${source}" && go build -trimpath -o "${bin}/${name}" .`);
}

function has(command: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** One line for each peer, as it says itself. */
export function versions(): string[] {
  const said = (script: string) => sh(`(${script}) 2>/dev/null | head -1 || true`).trim();
  const moduleOf = (name: string) =>
    `${name} ${said(`go version -m "${bin}/${name}" | grep -oP '\\tmod\\t\\S+\\t\\K\\S+'`)}`;
  return [
    `dpkg ${said("dpkg-query -W -f '${Version}' dpkg")}`,
    said('rpm --version'),
    said('/usr/lib/postgresql/*/bin/postgres --version'),
    `npm ${said('npm --version')}`,
    said('pip --version'),
    said('mvn --version'),
    said('go version'),
    said('cargo --version'),
    said('skopeo --version'),
    said('podman --version'),
    said('buildah --version'),
    `docker-registry ${said("dpkg-query -W -f '${Version}' docker-registry")}`,
    moduleOf('syft'),
    `osv-scanner ${said(`"${bin}/osv-scanner" --version | head -1`)}`,
    `govulncheck ${said(`"${bin}/govulncheck" -version | grep -i scanner`)}`,
    ...['cosign2', 'cosign3', 'fulcio', 'rekor-server', 'timestamp-server'].map(moduleOf),
    `buildkit ${said(`go version -m "${bin}/dockerfile-peer" | grep -oP '\\tdep\\tgithub.com/moby/buildkit\\t\\K\\S+'`)}`,
    `go-containerregistry ${said(`go version -m "${bin}/ggcr-registry" | grep -oP '\\tdep\\tgithub.com/google/go-containerregistry\\t\\K\\S+'`)}`,
  ];
}
