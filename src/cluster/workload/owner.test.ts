// Tests of who keeps an object as it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Owned, ownerOf } from './index.ts';

function web(metadata: Partial<Owned['metadata']>): Owned {
  return { kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', ...metadata } };
}

function told(metadata: Partial<Owned['metadata']>): string | undefined {
  const owner = ownerOf(web(metadata));
  return owner && `${owner.by} ${owner.name} (${owner.evidence})`;
}

test('Argo CD is told by its tracking id, its own label, or its field manager', () => {
  assert.equal(
    told({ annotations: { 'argocd.argoproj.io/tracking-id': 'shop-app:apps/Deployment:shop/web' } }),
    'argocd shop-app (annotation argocd.argoproj.io/tracking-id)',
  );
  assert.equal(
    told({ labels: { 'argocd.argoproj.io/instance': 'a' } }),
    'argocd a (label argocd.argoproj.io/instance)',
  );
  assert.equal(
    told({
      labels: { 'app.kubernetes.io/instance': 'a' },
      managedFields: [{ manager: 'argocd-controller', operation: 'Apply' }],
    }),
    'argocd a (field manager argocd-controller)',
  );
});

test('a tracking id that was copied from another object owns nothing', () => {
  assert.equal(
    told({ annotations: { 'argocd.argoproj.io/tracking-id': 'a:apps/Deployment:shop/api' } }),
    undefined,
  );
  assert.equal(
    told({ annotations: { 'argocd.argoproj.io/tracking-id': 'a:example.com/Web:shop/web' } }),
    undefined,
  );
});

test('the usual instance label alone is nobody’s', () => {
  assert.equal(
    told({ labels: { 'app.kubernetes.io/instance': 'a', 'app.kubernetes.io/managed-by': 'Helm' } }),
    undefined,
  );
});

test('Flux is told by its labels, for kustomizations and for Helm releases', () => {
  assert.equal(
    told({
      labels: {
        'kustomize.toolkit.fluxcd.io/name': 'apps',
        'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
      },
    }),
    'flux flux-system/apps (label kustomize.toolkit.fluxcd.io/name)',
  );
  assert.equal(
    told({
      labels: { 'helm.toolkit.fluxcd.io/name': 'web', 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': 'web' },
    }),
    'flux web (label helm.toolkit.fluxcd.io/name)',
  );
});

test('a Helm release is told by its annotation beside the label, or by Helm’s own field manager', () => {
  assert.equal(
    told({
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': 'web' },
    }),
    'helm web (annotation meta.helm.sh/release-name)',
  );
  assert.equal(
    told({ managedFields: [{ manager: 'helm', operation: 'Update' }] }),
    'helm  (field manager helm)',
  );
});

test('a controller that only writes the status owns nothing', () => {
  assert.equal(told({ managedFields: [{ manager: 'argocd-controller', subresource: 'status' }] }), undefined);
});

test('Fleet, kapp, Config Sync and add-on managers are told by their marks', () => {
  assert.match(told({ annotations: { 'objectset.rio.cattle.io/id': 'x' } }) ?? '', /^fleet/);
  assert.match(told({ labels: { 'kapp.k14s.io/app': '1' } }) ?? '', /^kapp/);
  assert.match(told({ annotations: { 'configsync.gke.io/resource-id': 'r' } }) ?? '', /^config-sync/);
  assert.match(told({ labels: { 'addonmanager.kubernetes.io/mode': 'Reconcile' } }) ?? '', /^addon-manager/);
});

test('an operator owns what its resource controls; a ReplicaSet’s pods belong to the workload above', () => {
  const by = (apiVersion: string, kind: string, controller = true) =>
    told({ ownerReferences: [{ apiVersion, kind, name: 'main', controller }] });
  assert.equal(by('acid.zalan.do/v1', 'postgresql'), 'operator postgresql/main (owner acid.zalan.do/v1)');
  assert.equal(by('apps/v1', 'ReplicaSet'), undefined);
  assert.equal(by('example.com/v1', 'App', false), undefined);
});
