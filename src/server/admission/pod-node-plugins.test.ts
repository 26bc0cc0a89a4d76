import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import type { StatusError } from '../../api/status-error.ts';
import { aPod, status, TestRegistry } from '../registry/test-registry.ts';

/** A pod that is bound to a node with labels and two CPUs. */
async function boundPod(labels: JsonObject): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  await test.create('nodes', { metadata: { name: 'n', labels } });
  const amounts = { cpu: '2', memory: '1Gi' };
  await test.patch('nodes', 'n', { status: { capacity: amounts, allocatable: amounts } }, { subresource: 'status' });
  const containers = [{ name: 'main', image: 'i', resources: { requests: { cpu: '1', memory: '64Mi' } } }];
  await test.create('pods', aPod('p', { spec: { containers }, metadata: { labels: { own: 'yes' } } }));
  const binding = { metadata: { name: 'p', labels: { bound: 'yes' } }, target: { kind: 'Node', name: 'n' } };
  await test.subresource('create', 'pods', 'default/p', 'binding', binding);
  return test;
}

const zones = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r', 'example.com/other': 'o' };
const topology = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r' };

describe('PodTopologyLabels', () => {
  it('labels a pod with the zone and region of the node that it is bound to', async () => {
    const test = await boundPod(zones);
    assert.deepEqual((await test.get('pods', 'default/p')).metadata.labels, { own: 'yes', bound: 'yes', ...topology });
  });

  it('labels a pod that is created for a node, whatever it says itself', async () => {
    const test = await boundPod(zones);
    const labels = { 'topology.kubernetes.io/zone': 'mine' };
    const pod = await test.create('pods', aPod('q', { spec: { nodeName: 'n' }, metadata: { labels } }));
    assert.deepEqual(pod.metadata.labels, topology);
    assert.deepEqual((await test.create('pods', aPod('r', { spec: { nodeName: 'gone' }, metadata: { labels } }))).metadata.labels, labels);
  });
});

describe('NodeDeclaredFeatureValidator', () => {
  const resizeInit = (test: TestRegistry, cpu: string) =>
    test.patch(
      'pods',
      'default/q',
      { spec: { initContainers: [{ name: 'init', resources: { requests: { cpu } } }] } },
      { type: 'strategic', subresource: 'resize' },
    );

  it('lets the resources of init containers change where the node has declared that it can', async () => {
    const test = await boundPod({});
    const resources = { requests: { cpu: '100m' } };
    const initContainers = [{ name: 'init', image: 'i', resources }];
    const containers = [{ name: 'main', image: 'i', resources }];
    await test.create('pods', aPod('q', { spec: { initContainers, containers, nodeName: 'n' } }));
    const refused =
      'pods "q" is forbidden: pod update requires features InPlacePodVerticalScalingInitContainers which are not available on node "n"';
    await assert.rejects(resizeInit(test, '200m'), status(403, refused));
    const declaredFeatures = ['InPlacePodVerticalScalingInitContainers'];
    await test.patch('nodes', 'n', { status: { declaredFeatures } }, { subresource: 'status' });
    await resizeInit(test, '200m');
    await test.delete('nodes', 'n');
    await assert.rejects(resizeInit(test, '300m'), status(403, 'pods "q" is forbidden: node "n" not found'));
  });
});

describe('PodResizeValidator', () => {
  const resize = (test: TestRegistry, requests: JsonObject) =>
    test.patch(
      'pods',
      'default/p',
      { spec: { containers: [{ name: 'main', resources: { requests } }] } },
      { type: 'strategic', subresource: 'resize' },
    );

  it('refuses more than the node has', async () => {
    const test = await boundPod({});
    const refusal: unknown = await resize(test, { cpu: '3', memory: '2Gi' }).catch((error: unknown) => error);
    const { message, details } = (refusal as StatusError).status;
    assert.equal(
      message,
      'pods "p" is forbidden: node didn\'t have enough allocatable resources: cpu, requested: 3000, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824',
    );
    assert.deepEqual(details?.causes, [{ reason: 'NodeCapacity' }]);
    await resize(test, { cpu: '2' });
  });

  it('refuses on nodes of another system, and on those that are gone', async () => {
    const test = await boundPod({ 'kubernetes.io/os': 'windows' });
    await assert.rejects(
      resize(test, { cpu: '2' }),
      status(403, 'pods "p" is forbidden: pod resize is only supported on linux nodes, node "n" is "windows"'),
    );
    await test.delete('nodes', 'n');
    await assert.rejects(resize(test, { cpu: '2' }), status(403, 'pods "p" is forbidden: node "n" not found'));
  });
});
