// The agent as a workload: a Deployment that fits the restricted pod security standard, its Service, its budget.
import { agentName, type KubeObject, systemNamespace } from './kube/index.ts';
import { named } from './manifestrights.ts';

export interface AgentOptions {
  image: string;
  replicas: number;
  /** ImagePolicy that counts. */
  policyName: string;
  mutate: boolean;
  pullSecrets: readonly string[];
  /** PEM of the certificate authorities that registries are trusted by beside the usual ones. */
  registryCa?: string;
  /** Secret of type kubernetes.io/dockerconfigjson in the agent's namespace. */
  registrySecret?: string;
  /** Secret in the agent's namespace by which its server is known: url, token, orders.pub, cluster. */
  serverSecret?: string;
  plainHttp: boolean;
  tokenRealms: readonly string[];
  /** Client of Azure's workload identity; set on the service account as well. */
  azureClientId?: string;
}

const selector = { 'app.kubernetes.io/name': 'seaworthy', 'app.kubernetes.io/component': 'agent' };
const home = '/var/lib/seaworthy';
const caMount = '/etc/seaworthy/registry-ca';
const configMount = '/etc/seaworthy/registry';
const serverMount = '/etc/seaworthy/server';
export const caName = `${agentName}-registry-ca`;

export function agentObjects(options: AgentOptions): KubeObject[] {
  return [
    ...(options.registryCa === undefined
      ? []
      : [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: named(caName, systemNamespace),
            data: { 'ca.crt': options.registryCa },
          },
        ]),
    deployment(options),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: named(agentName, systemNamespace),
      spec: {
        selector,
        ports: [{ name: 'admission', port: 443, targetPort: 8443, protocol: 'TCP' }],
      },
    },
    ...(options.replicas < 2
      ? []
      : [
          {
            apiVersion: 'policy/v1',
            kind: 'PodDisruptionBudget',
            metadata: named(agentName, systemNamespace),
            spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
          },
        ]),
  ];
}

export function argsOf(options: AgentOptions): string[] {
  return [
    ...(options.registryCa === undefined ? [] : ['--ca-file', `${caMount}/ca.crt`]),
    'agent',
    '--in-cluster',
    '--policy-name',
    options.policyName,
    ...(options.mutate ? ['--mutate'] : []),
    ...(options.plainHttp ? ['--plain-http'] : []),
    ...options.tokenRealms.flatMap((host) => ['--token-realm', host]),
    ...options.pullSecrets.flatMap((namespace) => ['--pull-secrets', namespace]),
    ...(options.serverSecret === undefined ? [] : ['--server', serverMount]),
  ];
}

function deployment(options: AgentOptions): KubeObject {
  const { replicas, registryCa, registrySecret, serverSecret, azureClientId } = options;
  const volumes: { volume: Record<string, unknown>; mountPath: string; readOnly: boolean }[] = [
    { volume: { name: 'home', emptyDir: { sizeLimit: '512Mi' } }, mountPath: home, readOnly: false },
    ...(registryCa === undefined
      ? []
      : [
          {
            volume: { name: 'registry-ca', configMap: { name: caName } },
            mountPath: caMount,
            readOnly: true,
          },
        ]),
    ...(registrySecret === undefined
      ? []
      : [
          {
            volume: {
              name: 'registry',
              secret: {
                secretName: registrySecret,
                items: [{ key: '.dockerconfigjson', path: 'config.json' }],
              },
            },
            mountPath: configMount,
            readOnly: true,
          },
        ]),
    ...(serverSecret === undefined
      ? []
      : [
          {
            volume: { name: 'server', secret: { secretName: serverSecret } },
            mountPath: serverMount,
            readOnly: true,
          },
        ]),
  ];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: named(agentName, systemNamespace),
    spec: {
      replicas,
      selector: { matchLabels: selector },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: {
          labels: {
            ...selector,
            ...(azureClientId === undefined ? {} : { 'azure.workload.identity/use': 'true' }),
          },
        },
        spec: {
          serviceAccountName: agentName,
          ...(registrySecret === undefined ? {} : { imagePullSecrets: [{ name: registrySecret }] }),
          // Other pods cannot start in enforcing namespaces while this one cannot.
          priorityClassName: 'system-cluster-critical',
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          terminationGracePeriodSeconds: 30,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_532,
            runAsGroup: 65_532,
            fsGroup: 65_532,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          ...(replicas < 2 ? {} : spread()),
          containers: [
            {
              name: 'agent',
              image: options.image,
              args: argsOf(options),
              env: [
                { name: 'HOME', value: home },
                { name: 'SEAWORTHY_HOME', value: home },
                ...(registrySecret === undefined ? [] : [{ name: 'DOCKER_CONFIG', value: configMount }]),
              ],
              ports: [
                { name: 'admission', containerPort: 8443, protocol: 'TCP' },
                { name: 'health', containerPort: 8081, protocol: 'TCP' },
              ],
              startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 60 },
              livenessProbe: {
                ...probe('/healthz'),
                periodSeconds: 10,
                timeoutSeconds: 5,
                failureThreshold: 6,
              },
              readinessProbe: {
                ...probe('/readyz'),
                periodSeconds: 2,
                timeoutSeconds: 2,
                failureThreshold: 2,
              },
              resources: {
                requests: { cpu: '100m', memory: '160Mi' },
                limits: { cpu: '2', memory: '768Mi' },
              },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: volumes.map(({ volume, mountPath, readOnly }) => ({
                name: volume['name'],
                mountPath,
                ...(readOnly ? { readOnly } : {}),
              })),
            },
          ],
          volumes: volumes.map(({ volume }) => volume),
        },
      },
    },
  };
}

function probe(path: string) {
  return { httpGet: { path, port: 8081 } };
}

/** Not on one node and not in one zone, where there are others; but it starts where there are none. */
function spread() {
  const constraint = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selector },
  });
  return {
    topologySpreadConstraints: [
      constraint('kubernetes.io/hostname'),
      constraint('topology.kubernetes.io/zone'),
    ],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: { matchLabels: selector },
            },
          },
        ],
      },
    },
  };
}
