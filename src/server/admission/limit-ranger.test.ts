import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LimitRangeItem } from '../../api/generated/core/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { aPod, status, type TestObject, TestRegistry } from '../registry/test-registry.ts';
import { amountsOf, violatedConstraints } from './limit-constraints.ts';

async function limited(...limits: readonly JsonObject[]): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  await test.create('limitranges', { metadata: { name: 'limits', namespace: 'default' }, spec: { limits } });
  return test;
}

const withResources = (name: string, resources: JsonObject, more: JsonObject = {}): JsonObject =>
  aPod(name, { spec: { containers: [{ name: 'main', image: 'i', resources }], ...more } });

interface Container {
  readonly name: string;
  readonly resources: JsonObject;
}
const containersOf = (pod: TestObject): readonly Container[] =>
  (pod.spec as unknown as { readonly containers: readonly Container[] }).containers;

describe('the defaults of a LimitRange', () => {
  const defaults: JsonObject = { type: 'Container', default: { cpu: '500m', memory: '64Mi' }, defaultRequest: { cpu: '100m' } };

  it('complete what containers do not say, and an annotation tells of it', async () => {
    const test = await limited(defaults);
    const init = { initContainers: [{ name: 'first', image: 'i' }] };
    const pod = await test.create('pods', withResources('p', { limits: { cpu: '1' } }, init));
    assert.deepEqual(containersOf(pod)[0]?.resources, { requests: { cpu: '1', memory: '64Mi' }, limits: { cpu: '1', memory: '64Mi' } });
    assert.equal(
      (pod.metadata.annotations as JsonObject)['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: memory request for container main; memory limit for container main; ' +
        'cpu, memory request for init container first; cpu, memory limit for init container first',
    );
  });

  it('leave a pod alone that says all', async () => {
    const test = await limited(defaults);
    const all = { requests: { cpu: '1m', memory: '1Mi' }, limits: { cpu: '2m', memory: '2Mi' } };
    const pod = await test.create('pods', withResources('p', all));
    assert.deepEqual(containersOf(pod)[0]?.resources, all);
    assert.equal(pod.metadata.annotations, undefined);
  });

  it('hold in their namespace only, and for new pods only', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', aPod('old'));
    await test.withNamespace('other');
    await test.create('limitranges', { metadata: { name: 'limits', namespace: 'default' }, spec: { limits: [defaults] } });
    await test.patch('pods', 'default/old', { metadata: { labels: { a: 'b' } } });
    assert.deepEqual(containersOf(await test.get('pods', 'default/old'))[0]?.resources, {});
    assert.deepEqual(containersOf(await test.create('pods', aPod('p', { metadata: { namespace: 'other' } })))[0]?.resources, {});
  });

  it('of several LimitRanges complete each other', async () => {
    const test = await limited({ type: 'Container', default: { cpu: '1' } });
    await test.create('limitranges', {
      metadata: { name: 'more', namespace: 'default' },
      spec: { limits: [{ type: 'Container', default: { memory: '1Gi' } }] },
    });
    const pod = await test.create('pods', aPod('p'));
    assert.deepEqual(containersOf(pod)[0]?.resources.limits, { cpu: '1', memory: '1Gi' });
  });
});

describe('the bounds of a LimitRange', () => {
  it('hold for each container, and all that is violated is told', async () => {
    const test = await limited({ type: 'Container', min: { cpu: '100m' }, max: { memory: '1Gi' } });
    await assert.rejects(
      test.create('pods', withResources('p', { requests: { cpu: '50m' }, limits: { memory: '2Gi' } })),
      status(
        403,
        'pods "p" is forbidden: [minimum cpu usage per Container is 100m, but request is 50m, maximum memory usage per Container is 1Gi, but limit is 2Gi]',
      ),
    );
  });

  it('hold for the whole pod, init containers and sidecars counted as they run', async () => {
    const test = await limited({ type: 'Pod', max: { cpu: '1' } });
    const sidecar = { name: 's', image: 'i', restartPolicy: 'Always', resources: { limits: { cpu: '300m' } } };
    const init = { name: 'i', image: 'i', resources: { limits: { cpu: '900m' } } };
    const pod = withResources('p', { limits: { cpu: '600m' } }, { initContainers: [sidecar, init] });
    await assert.rejects(
      test.create('pods', pod),
      status(403, 'pods "p" is forbidden: maximum cpu usage per Pod is 1, but limit is 1200m'),
    );
    await test.create('pods', withResources('q', { limits: { cpu: '600m' } }, { initContainers: [init] }));
  });

  it('take what the pod states for itself', async () => {
    const test = await limited({ type: 'Pod', max: { cpu: '1' } });
    await test.create('pods', aPod('p', { spec: { resources: { limits: { cpu: '1' } } } }));
    const much = aPod('q', { spec: { resources: { limits: { cpu: '2' } } } });
    await assert.rejects(test.create('pods', much), status(403, /maximum cpu usage per Pod is 1, but limit is 2$/));
  });

  it('hold for resizes, but not for a pod that is being deleted', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', withResources('p', { requests: { cpu: '1' } }));
    await test.create('limitranges', {
      metadata: { name: 'l', namespace: 'default' },
      spec: { limits: [{ type: 'Container', min: { cpu: '2' } }] },
    });
    const resize = (): Promise<unknown> =>
      test.patch(
        'pods',
        'default/p',
        { spec: { containers: [{ name: 'main', resources: { requests: { cpu: '500m' } } }] } },
        { type: 'strategic', subresource: 'resize' },
      );
    await assert.rejects(resize(), status(403, /minimum cpu usage per Container is 2, but request is 500m/));
    await test.create('nodes', { metadata: { name: 'n' } });
    const amounts = { cpu: '9', memory: '9Gi' };
    await test.patch('nodes', 'n', { status: { capacity: amounts, allocatable: amounts } }, { subresource: 'status' });
    const bound = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
    await test.subresource('create', 'pods', 'default/p', 'binding', bound);
    await test.delete('pods', 'default/p');
    await resize();
  });
});

describe('constraints', () => {
  const told = (item: Partial<LimitRangeItem>, requests: Record<string, string>, limits?: Record<string, string>): readonly string[] =>
    violatedConstraints(
      { type: 'Container', ...item },
      { requests: amountsOf(requests), ...(limits === undefined ? {} : { limits: amountsOf(limits) }) },
    );

  it('of minimum look at the request, then at the limit', () => {
    const min = { cpu: '1' };
    assert.deepEqual(told({ min }, {}, {}), ['minimum cpu usage per Container is 1.  No request is specified']);
    assert.deepEqual(told({ min }, { cpu: '1' }, { cpu: '900m' }), ['minimum cpu usage per Container is 1, but limit is 900m']);
    assert.deepEqual(told({ min }, { cpu: '1000m' }, { cpu: '2' }), []);
  });

  it('of maximum look at the limit, then at the request', () => {
    const max = { cpu: '1' };
    assert.deepEqual(told({ max }, {}, {}), ['maximum cpu usage per Container is 1.  No limit is specified']);
    assert.deepEqual(told({ max }, { cpu: '2' }, { cpu: '1' }), ['maximum cpu usage per Container is 1, but request is 2']);
  });

  it('of maximum look at the request alone where there are no limits', () => {
    const item = { type: 'PersistentVolumeClaim', max: { storage: '1Gi' }, min: { storage: '1Mi' } };
    assert.deepEqual(told(item, { storage: '2Gi' }), ['maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi']);
    assert.deepEqual(told({ ...item, min: {} }, {}), ['maximum storage usage per PersistentVolumeClaim is 1Gi.  No request is specified']);
    assert.deepEqual(told(item, { storage: '1Mi' }), []);
  });

  it('of ratio need both, and compare exactly', () => {
    const item = { maxLimitRequestRatio: { cpu: '1.5' } };
    const rule = 'cpu max limit to request ratio per Container is 1.5';
    assert.deepEqual(told(item, { cpu: '0' }, { cpu: '1' }), [`${rule}, but no request is specified or request is 0`]);
    assert.deepEqual(told(item, { cpu: '1' }, {}), [`${rule}, but no limit is specified or limit is 0`]);
    assert.deepEqual(told(item, { cpu: '2' }, { cpu: '3' }), []);
    assert.deepEqual(told(item, { cpu: '300m' }, { cpu: '2' }), [`${rule}, but provided ratio is 6.666667`]);
    assert.deepEqual(told(item, { cpu: '8E' }, { cpu: '9E' }), []);
  });
});
