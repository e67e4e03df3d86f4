// What is never refused: the rescue path of AKS, static pods, and what AKS itself changes in our webhooks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentAnswers, command, done, field, refused } from './agent.ts';
import { eventually, kubectl } from './kubectl.ts';
import { agentPod, agentReady, home, pod, prefix, shop, system } from './shop.ts';

export function rescue(): void {
  test('the rescue path of `az aks command` stays open: its pods run whatever they are, and its namespace never enforces', async () => {
    done(['create', 'namespace', 'aks-command']);
    const rescue = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'command-0123456789abcdef0123456789abcdef',
        namespace: 'aks-command',
        labels: { 'aks-command': 'true' },
      },
      spec: {
        restartPolicy: 'Never',
        serviceAccountName: 'default',
        containers: [{ name: 'command', image: `${prefix}/unsigned:1`, command: ['/app'] }],
      },
    };
    done(['create', '-f', '-'], rescue);
    const refusedToEnforce = command(home, 'cluster', 'enforce', 'aks-command', '--yes');
    assert.equal(refusedToEnforce.code, 2, refusedToEnforce.stdout);
    done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=0']);
    const again = { ...rescue, metadata: { ...rescue.metadata, name: 'command-again' } };
    done(['create', '-f', '-'], again);
    done(['-n', system, 'scale', 'deployment/seaworthy-agent', '--replicas=1']);
    await agentReady();
  });

  test('what AKS’s admissions enforcer adds to the selectors of webhooks stays as it is', async () => {
    const expression = { key: 'kubernetes.azure.com/managedby', operator: 'NotIn', values: ['aks'] };
    const patch = [
      { op: 'add', path: '/webhooks/0/namespaceSelector/matchExpressions/-', value: expression },
    ];
    done([
      'patch',
      'validatingwebhookconfiguration',
      'seaworthy-agent',
      '--type=json',
      '-p',
      JSON.stringify(patch),
    ]);
    kubectl(['-n', system, 'delete', 'pod', agentPod()]);
    await agentReady();
    done(['-n', system, 'delete', 'secret', 'seaworthy-agent-tls']);
    await eventually(
      'the certificate is there again',
      () => kubectl(['-n', system, 'get', 'secret', 'seaworthy-agent-tls']).ok,
    );
    await agentAnswers(shop);
    const selector = field(
      ['get', 'validatingwebhookconfiguration', 'seaworthy-agent'],
      '.webhooks[0].namespaceSelector',
    );
    assert.ok(selector.includes('kubernetes.azure.com/managedby'), selector);
  });

  test('a kubelet’s mirror pod is let through whatever it is, the same by anybody else is not', () => {
    const mirror = pod('static-node1', `${prefix}/unsigned:1`, { nodeName: 'node1' });
    const node = JSON.parse(done(['get', 'node', 'node1', '-o', 'json']));
    Object.assign(mirror['metadata'] as object, {
      annotations: {
        'kubernetes.io/config.mirror': 'x',
        'kubernetes.io/config.source': 'file',
        'kubernetes.io/config.hash': 'x',
      },
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Node', name: 'node1', uid: node.metadata.uid, controller: true },
      ],
    });
    const kubelet = ['--as=system:node:node1', '--as-group=system:nodes', '--as-group=system:authenticated'];
    done(['create', '--dry-run=server', ...kubelet, '-f', '-'], mirror);
    assert.match(refused(['create', '--dry-run=server', '-f', '-'], mirror), /tag|no signature|mirror/);
  });
}
