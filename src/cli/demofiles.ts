// The files that the demo writes beside its images: policy, configuration, manifests.

export function demoPolicy(registry: string): string {
  return `apiVersion: seaworthy.dev/v1alpha1
kind: ImagePolicy
metadata: { name: default }
spec:
  registries: ["${registry}/**"]
  authorities:
    - { name: release, key: { keys: [{ file: release.pub }] } }
    - { name: renewal, key: { keys: [{ file: renewal.pub }] } }
  rules:
    - { name: signed, signature: { by: [release, renewal] } }
    # the seed of advisories that ships with Seaworthy may be old: a real policy says days
    - { name: no-high, vulnerabilities: { by: [release, renewal], severity: high, maxDatabaseAge: 3650d } }
`;
}

export interface DemoAddresses {
  registry: string;
  api: string;
}

export function demoServer({ registry, api }: DemoAddresses): string {
  const team = ['shop', 'web', 'api', 'tools'].map((name) => `${registry}/team/${name}:1`);
  return `listen: ${api}
policy: policy.yaml
signing: { key: renewal.key }
registry: { listen: "${registry}", anonymous: push }
advisories: { update: false, maxAge: 3650d }
watch:
  images: [${[`${registry}/base/python:3.12`, ...team].map((name) => `"${name}"`).join(', ')}]
  debounce: 1s
renewal:
  images: [{ match: "${registry}/**", rollout: [manifests] }]
  targets: [{ name: manifests, git: { repository: manifests.git, branch: main, onBranch: true } }]
`;
}

export function demoManifest(name: string, image: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: ${name}
          image: ${image}
`;
}
