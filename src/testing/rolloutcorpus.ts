// Samples of manifests, of values, of what workloads remember and of pods' states, for fuzzing.
import { parseAddress, webAddress } from '../cluster/git/address.ts';
import { findInValues, parseHelmValues } from '../cluster/git/helm.ts';
import { findInKustomization } from '../cluster/git/kustomization.ts';
import { findInManifests } from '../cluster/git/manifest.ts';
import { editYaml, lineOf, readYaml } from '../cluster/git/yamltext.ts';
import type { KubeObject } from '../cluster/kube/index.ts';
import { judgeDaemonSet } from '../cluster/rollout/daemonset.ts';
import { judgeDeployment } from '../cluster/rollout/deployment.ts';
import { findMoves } from '../cluster/rollout/find.ts';
import { parseHolds } from '../cluster/rollout/hold.ts';
import { parseRecord } from '../cluster/rollout/record.ts';
import { judgeStatefulSet } from '../cluster/rollout/statefulset.ts';
import { ownerOf } from '../cluster/workload/index.ts';
import { parseJson } from '../core/index.ts';
import type { FuzzedParser } from './parsers.ts';
import {
  digestChange,
  newDigest,
  newImage,
  oldDigest,
  oldImage,
  podFor,
  repository,
  settled,
} from './rolloutobjects.ts';

const change = { ...digestChange, tag: '1.2' };
const text = (bytes: Buffer) => bytes.toString('utf8');
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

const manifests = [
  `apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: &i "${oldImage}"}, {name: b, image: *i}]}}\n- {<<: *a}\n`,
  `\ufeffapiVersion: apps/v1\r\nkind: Deployment\r\nspec:\r\n  template:\r\n    spec:\r\n      containers:\r\n      - image: >-\r\n          ${oldImage}\r\n---\r\n# none\r\n`,
];
const kustomization = `images:\n- {name: a, newName: ${repository}, newTag: "1.2"}\n- name: ${repository}\n  digest: ${oldDigest}\n- name: ${repository}\n  newTag: 1.2@${oldDigest} # x\n`;
const values = `image:\n  registry: registry.example.com\n  repository: team/app\n  tag: "1.2"\n  digest: '${oldDigest}'\nwhole: ${oldImage}\n`;

/** Found, changed, and read again; whatever is damaged. */
function edited(bytes: Buffer, find: (documents: unknown[]) => ReturnType<typeof findInManifests>): void {
  const yaml = readYaml(bytes);
  if (yaml === undefined) return;
  const found = find(yaml.values);
  for (const { document, path } of found.byTag) lineOf(yaml, document, path);
  editYaml(yaml, found.edits);
}

const record = {
  version: 1,
  id: 'a',
  state: 'moving',
  repository,
  from: oldDigest,
  to: newDigest,
  images: [{ role: 'container', name: 'main', before: oldImage, good: oldImage, after: newImage }],
  unavailable: 0,
  by: 'ana',
  started: '2026-11-27T12:00:00Z',
  patience: 1000,
  deadline: '2026-11-27T12:10:00Z',
};

const target = {
  images: [{ role: 'container' as const, name: 'main', before: oldImage, good: oldImage, after: newImage }],
  way: 'after' as const,
  digest: newDigest,
  generation: 1,
  since: 0,
  unavailable: 0,
  restarts: 3,
  settle: 10_000,
  now: Date.parse('2026-11-27T12:00:10Z'),
};

const waiting = { ready: false, state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } };

export const rolloutParsers: Record<string, FuzzedParser> = {
  'git-manifests': {
    corpus: () => manifests.map((sample) => Buffer.from(sample)),
    parse: (bytes) => edited(bytes, (documents) => findInManifests(documents, change)),
  },
  'git-kustomization': {
    corpus: () => [Buffer.from(kustomization)],
    parse: (bytes) => edited(bytes, (documents) => findInKustomization(documents, change)),
  },
  'git-values': {
    corpus: () => [Buffer.from(values)],
    parse: (bytes) => {
      for (const path of [['image'], ['whole']])
        edited(bytes, (documents) => findInValues(documents, path, change));
    },
  },
  'git-helm-values': {
    corpus: () => [Buffer.from('charts/app/values.yaml:a\\.b[2].image')],
    parse: (bytes) => parseHelmValues(text(bytes)),
  },
  'git-address': {
    corpus: () =>
      ['https://u:p@github.com/org/repo.git', 'git@ssh.dev.azure.com:v3/o/p/r'].map((one) =>
        Buffer.from(one),
      ),
    parse: (bytes) => {
      const address = parseAddress(text(bytes));
      return 'url' in address ? webAddress(address.url) : undefined;
    },
  },
  'rollout-record': { corpus: () => [json(record)], parse: (bytes) => parseRecord(text(bytes)) },
  'rollout-hold': {
    corpus: () => [
      json([
        {
          repository,
          digest: newDigest,
          reason: 'r',
          by: 'a',
          since: '2026-11-27T12:00:00Z',
          release: { by: 'b', reason: 's', at: '2026-11-27T13:00:00Z' },
        },
      ]),
    ],
    parse: (bytes) => parseHolds(text(bytes)),
  },
  'rollout-status': {
    corpus: () =>
      (['Deployment', 'StatefulSet', 'DaemonSet'] as const).map((kind) =>
        json([
          settled(kind, 'web', { image: newImage }),
          podFor({ kind, name: 'web', uid: 'u' }, 'web-1', newImage, waiting),
        ]),
      ),
    parse: (bytes) => {
      const value = parseJson(text(bytes));
      const [object, pod] = (Array.isArray(value) ? value : []) as KubeObject[];
      // the client lets nothing by that has no name
      for (const one of [object, pod]) if (typeof one?.metadata?.name !== 'string') return;
      if (typeof object?.kind !== 'string' || typeof object.apiVersion !== 'string') return;
      const seen = { object, pods: [pod!], jobs: [], warnings: [] };
      for (const judge of [judgeDeployment, judgeStatefulSet, judgeDaemonSet]) judge(seen, target);
      findMoves(object, [pod!], change);
      ownerOf(object);
    },
  },
};
