// Where the demo takes place: this machine, or a cluster that pulls from a registry here which its nodes reach.
import { delimiter, resolve } from 'node:path';
import { CliFault } from './fault.ts';

export const demoNamespace = 'seaworthy-demo';

export interface DemoPlaceOptions {
  context?: string;
  kubeconfig?: string;
  registry?: string;
  tlsCert?: string;
  tlsKey?: string;
}

export interface DemoPlace {
  registry: string;
  api: string;
  tls?: { certificate: string; key: string };
  /** Others on the network reach the registry: without a token they may only pull. */
  isOpen: boolean;
  /** Its manifests are for this cluster, too. */
  cluster?: { context: string; kubeconfig?: string };
  /** The options that say all this again, for `seaworthy demo --images`. */
  flags: string;
  /** For commands that go to the cluster. */
  clusterFlags: string;
}

const usual = { registry: '127.0.0.1:5020', api: '127.0.0.1:7420' };

/** Paths become absolute: the demo works in a directory of its own. Throws CliFault `option-invalid`. */
export function demoPlace(options: DemoPlaceOptions): DemoPlace {
  const { context, kubeconfig, registry = usual.registry, tlsCert, tlsKey } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new CliFault('option-invalid', 'expected --tls-cert and --tls-key, got one of them');
  if (!/^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):\d{1,5}$/.test(registry))
    throw new CliFault('option-invalid', `expected --registry HOST:PORT, got ${registry.slice(0, 100)}`, {
      hint: 'an address of this machine at which the demo’s own registry listens, and nodes reach it',
    });
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { certificate: resolve(tlsCert), key: resolve(tlsKey) };
  const isOpen = !/^(?:127\.|localhost:|\[::1\])/.test(registry);
  if (isOpen && tls === undefined)
    throw new CliFault('option-invalid', `expected --tls-cert and --tls-key for ${registry}, got none`, {
      hint: 'nodes pull from another machine by TLS alone, with a certificate that they trust',
    });
  if (kubeconfig !== undefined && context === undefined)
    throw new CliFault('option-invalid', 'expected --context NAME beside --kubeconfig, got none', {
      hint: 'the demo changes a cluster only by its name',
    });
  const file = kubeconfig === undefined ? {} : { kubeconfig: resolve(kubeconfig) };
  const cluster = [
    ...(context === undefined ? [] : ['--context', context]),
    ...(file.kubeconfig === undefined ? [] : ['--kubeconfig', file.kubeconfig]),
  ];
  const words = [
    ...(registry === usual.registry ? [] : ['--registry', registry]),
    ...(tls === undefined ? [] : ['--tls-cert', tls.certificate, '--tls-key', tls.key]),
    ...cluster,
  ];
  const spaced = words.find((word) => /\s/.test(word));
  if (spaced !== undefined)
    throw new CliFault('option-invalid', `expected no white space in names and paths, got ${spaced}`);
  return {
    registry,
    api: usual.api,
    isOpen,
    flags: words.map((word) => ` ${word}`).join(''),
    clusterFlags: cluster.map((word) => ` ${word}`).join(''),
    ...(tls === undefined ? {} : { tls }),
    ...(context === undefined ? {} : { cluster: { context, ...file } }),
  };
}

/** The variable as it would be read from here, wherever the process works later. */
export function absoluteKubeconfig(value: string): string {
  return value
    .split(delimiter)
    .map((part) => (part === '' ? part : resolve(part)))
    .join(delimiter);
}
