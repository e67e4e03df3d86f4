// The files that the demo writes beside its images: policy, configuration, manifests.

import { type DemoPlace, demoNamespace } from './demoplace.ts';

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

export function demoServer({ registry, api, tls, isOpen }: DemoPlace): string {
  const team = ['shop', 'web', 'api', 'tools'].map((name) => `${registry}/team/${name}:1`);
  const secure =
    tls === undefined
      ? ''
      : `, tls: { certificate: ${JSON.stringify(tls.certificate)}, key: ${JSON.stringify(tls.key)} }`;
  return `listen: ${api}
policy: policy.yaml
signing: { key: renewal.key }
registry: { listen: "${registry}", anonymous: ${isOpen ? 'pull' : 'push'}${secure} }
advisories: { update: false, maxAge: 3650d }
watch:
  images: [${[`${registry}/base/python:3.12`, ...team].map((name) => `"${name}"`).join(', ')}]
  debounce: 1s
renewal:
  images: [{ match: "${registry}/**", rollout: [manifests] }]
  targets: [{ name: manifests, git: { repository: manifests.git, branch: main, onBranch: true } }]
`;
}

export function demoManifest(name: string, image: string, inCluster: boolean): string {
  const namespace = inCluster ? demoNamespace : 'shop';
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
${inCluster ? clusterSettings : ''}      containers:
        - name: ${name}
          image: ${image}
${inCluster ? containerSettings : ''}`;
}

/** What a cluster of the strictest kind asks of a pod. */
const clusterSettings = `      nodeSelector: { kubernetes.io/arch: amd64, kubernetes.io/os: linux }
      automountServiceAccountToken: false
      terminationGracePeriodSeconds: 0
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: RuntimeDefault } }
`;
const containerSettings = `          securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: [ALL] } }
          resources: { requests: { cpu: 1m, memory: 8Mi }, limits: { memory: 16Mi } }
`;
