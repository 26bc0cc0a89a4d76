import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deployment } from '../api/kinds/apps/deployment.ts';
import { namespace } from '../api/kinds/core/namespace.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { builtInKinds } from '../api/kinds/index.ts';
import { createKindSet } from '../server/registry/kind-set.ts';
import { type AllControllersOptions, allControllers, apiServerControllers } from './all-controllers.ts';
import { noRemoteResources } from './remote-resources.ts';
import { startScheduler } from './scheduler/scheduler.ts';
import { noFolders } from './testing/no-folders.ts';
import { aDeployment, aNode, makeReady } from './testing/objects.ts';
import { startTestCluster } from './testing/test-cluster.ts';

const options: AllControllersOptions = {
  remote: noRemoteResources,
  kinds: createKindSet(builtInKinds),
  certificateAuthority: 'PEM',
  signCertificate: () => '',
  mayCreateRequest: () => false,
  issueSecretToken: () => Promise.resolve('token'),
  metrics: { versionsOf: () => [], get: () => Promise.reject(new Error('no metrics in this test')) },
  askApiService: () => Promise.resolve(),
  volumeFolders: noFolders,
  podRanges: { clusterCidr: '10.244.0.0/16', setAside: 16, nodes: 1 },
  celTypes: { kindOf: () => undefined, schemaOf: () => undefined },
};
const controllers = allControllers(options);

describe('allControllers', () => {
  it('have names of their own', () => {
    assert.equal(new Set(controllers.map(({ name }) => name)).size, controllers.length);
  });

  it('keep provisioning volumes beside a kube-controller-manager of somebody else', () => {
    const beside = apiServerControllers(options).map(({ name }) => name);
    assert.ok(beside.includes('host-path-provisioner') && beside.includes('host-path-deleter'));
    assert.ok(!beside.includes('deployment'));
  });

  it('run a Deployment from its creation to the end of its namespace, and then have nothing to do', async (t) => {
    const cluster = await startTestCluster(t, { controllers, parts: [startScheduler], namespaces: ['team', 'kube-node-lease'] });
    await cluster.apply(aNode('n1'));
    const template = aDeployment();
    await cluster.apply({ ...template, metadata: { ...template.metadata, namespace: 'team' } });
    await cluster.settle();
    const pods = await cluster.list(pod, 'team');
    assert.deepEqual(
      pods.map(({ spec }) => spec.nodeName),
      ['n1', 'n1', 'n1'],
    );
    await makeReady(cluster, pods);
    assert.equal((await cluster.api(deployment).get({ namespace: 'team', name: 'web' })).status.availableReplicas, 3);
    await cluster.api(namespace).delete({ namespace: '', name: 'team' });
    await cluster.settle();
    for (const { metadata } of await cluster.list(pod, 'team')) {
      await cluster.api(pod).delete({ namespace: 'team', name: metadata.name }, { gracePeriodSeconds: 0 });
    }
    await cluster.settle();
    const left = (await cluster.list(namespace)).map(({ metadata }) => metadata.name);
    assert.ok(!left.includes('team'));
    const before = cluster.controllers.metrics;
    await cluster.settle();
    assert.deepEqual(cluster.controllers.metrics, before);
  });
});
