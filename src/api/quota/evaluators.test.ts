import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../object.ts';
import { resourceList } from './amounts.ts';
import { createQuotaEvaluators } from './evaluators.ts';
import type { QuotaObjects } from './resource-claim-evaluator.ts';

const now = Date.parse('2026-01-01T00:00:00Z');
const nothing: QuotaObjects = { list: () => [], get: () => undefined };

/** Objects without what does not matter here. */
const sparse = (object: object): KubeObject =>
  ({ apiVersion: 'v1', kind: 'K', metadata: {}, status: {}, ...object }) as unknown as KubeObject;

function usage(resourceName: string, object: object, objects: QuotaObjects = nothing): Readonly<Record<string, string>> {
  const evaluator = createQuotaEvaluators(objects, () => now).of(resourceName);
  assert.ok(evaluator !== undefined);
  return resourceList(evaluator.usage(sparse(object)));
}

const counts = (resourceName: string, names: readonly string[], objects: QuotaObjects = nothing): readonly string[] =>
  names.filter((name) =>
    createQuotaEvaluators(objects, () => now)
      .of(resourceName)
      ?.counts(name),
  );

const container = (resources: object, more: object = {}): object => ({ name: 'c', resources, ...more });
const podUsage = (spec: object, status: object = {}): Readonly<Record<string, string>> => {
  const { pods: _pods, 'count/pods': _count, ...rest } = usage('pods', { spec: { containers: [container({})], ...spec }, status });
  return rest;
};

describe('the usage of pods', () => {
  it('has requests and limits under the names of quotas', () => {
    const resources = {
      requests: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi', 'hugepages-2Mi': '4Mi' },
      limits: { cpu: '2', 'example.com/gpu': '1' },
    };
    assert.deepEqual(podUsage({ containers: [container(resources)] }), {
      ...{ cpu: '1', 'requests.cpu': '1', memory: '1Gi', 'requests.memory': '1Gi', 'limits.cpu': '2' },
      ...{ 'ephemeral-storage': '1Gi', 'requests.ephemeral-storage': '1Gi', 'hugepages-2Mi': '4Mi', 'requests.hugepages-2Mi': '4Mi' },
    });
  });

  it('has extended resources as requests only', () => {
    assert.deepEqual(podUsage({ containers: [container({ requests: { 'example.com/gpu': '2' }, limits: { 'example.com/gpu': '2' } })] }), {
      'requests.example.com/gpu': '2',
    });
  });

  it('counts init containers, sidecars and overhead as they run', () => {
    const spec = {
      initContainers: [
        container({ requests: { cpu: '300m' } }, { name: 's', restartPolicy: 'Always' }),
        container({ requests: { cpu: '1' } }, { name: 'i' }),
      ],
      containers: [container({ requests: { cpu: '500m' } })],
      overhead: { cpu: '100m' },
    };
    assert.equal(podUsage(spec).cpu, '1400m');
  });

  it('takes what the pod states for itself', () => {
    assert.deepEqual(
      podUsage({ containers: [container({ requests: { cpu: '1' } })], resources: { requests: { cpu: '3' }, limits: { cpu: '4' } } }),
      {
        cpu: '3',
        'requests.cpu': '3',
        'limits.cpu': '4',
      },
    );
  });

  it('takes the larger of what is asked for and what is there during a resize', () => {
    const containers = [container({ requests: { cpu: '1' }, limits: { cpu: '1' } })];
    const containerStatuses = [
      { name: 'c', resources: { requests: { cpu: '2' }, limits: { cpu: '3' } }, allocatedResources: { cpu: '2500m' } },
    ];
    assert.deepEqual(podUsage({ containers }, { containerStatuses }), { cpu: '2500m', 'requests.cpu': '2500m', 'limits.cpu': '3' });
    const infeasible = [{ type: 'PodResizePending', reason: 'Infeasible' }];
    const asked = [container({ requests: { cpu: '9' } })];
    assert.equal(podUsage({ containers: asked }, { containerStatuses, conditions: infeasible }).cpu, '2500m');
  });

  it('is that of an object alone once the pod has ended, or its grace period is over', () => {
    const spec = { containers: [container({ requests: { cpu: '1' } })] };
    assert.deepEqual(usage('pods', { spec, status: { phase: 'Failed' } }), { 'count/pods': '1' });
    const deleted = (deletionTimestamp: string): object => ({ spec, metadata: { deletionTimestamp, deletionGracePeriodSeconds: 30 } });
    assert.deepEqual(usage('pods', deleted('2025-12-31T23:59:29Z')), { 'count/pods': '1' });
    assert.equal(usage('pods', deleted('2025-12-31T23:59:31Z')).pods, '1');
  });

  it('may be limited under these names', () => {
    const names = [
      'pods',
      'count/pods',
      'limits.memory',
      'hugepages-1Gi',
      'requests.example.com/gpu',
      'requests.deviceclass.resource.kubernetes.io/c',
    ];
    assert.deepEqual(counts('pods', [...names, 'services', 'example.com/gpu', 'requests.storage', 'requests.kubernetes.io/x']), names);
  });
});

describe('the usage of claims for volumes', () => {
  const claim = (spec: object, more: object = {}): object => ({ spec: { resources: { requests: { storage: '1Gi' } }, ...spec }, ...more });

  it('counts claims and storage, and once more for their class', () => {
    assert.deepEqual(usage('persistentvolumeclaims', claim({ storageClassName: 'gold' })), {
      ...{ 'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1', 'requests.storage': '1Gi' },
      ...{ 'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1', 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi' },
    });
    const old = claim({ storageClassName: 'gold' }, { metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'old' } } });
    assert.equal(usage('persistentvolumeclaims', old)['old.storageclass.storage.k8s.io/persistentvolumeclaims'], '1');
  });

  it('takes what is allocated when that is more, in whole bytes', () => {
    const allocated = { status: { allocatedResources: { storage: '2Gi' } } };
    assert.equal(usage('persistentvolumeclaims', claim({}, allocated))['requests.storage'], '2Gi');
    assert.equal(usage('persistentvolumeclaims', claim({ resources: { requests: { storage: '1500m' } } }))['requests.storage'], '2');
  });

  it('is in the scope of every attributes class that it has, wants or is being given', () => {
    const evaluator = createQuotaEvaluators(nothing, () => now).of('persistentvolumeclaims');
    const isIn = (operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist', values: readonly string[], object: object): boolean | undefined =>
      evaluator?.isInScope?.({ scopeName: 'VolumeAttributesClass', operator, values }, sparse(object));
    const changing = claim({ volumeAttributesClassName: 'b' }, { status: { currentVolumeAttributesClassName: 'a' } });
    assert.deepEqual([isIn('In', ['a'], changing), isIn('In', ['b'], changing), isIn('In', ['c'], changing)], [true, true, false]);
    assert.deepEqual([isIn('NotIn', ['a'], changing), isIn('NotIn', ['a', 'b'], changing)], [true, false]);
    assert.deepEqual(
      [isIn('Exists', [], claim({})), isIn('DoesNotExist', [], claim({})), isIn('NotIn', ['a'], claim({}))],
      [false, true, true],
    );
  });
});

describe('the usage of claims for devices', () => {
  const devices = (...requests: readonly object[]): object => ({ spec: { devices: { requests } } });
  const exactly = (deviceClassName: string, count: number): object => ({
    exactly: { deviceClassName, allocationMode: 'ExactCount', count },
  });
  const suffix = '.deviceclass.resource.k8s.io/devices';

  it('adds up devices by class, and takes the worst of alternatives', () => {
    const alternatives = {
      firstAvailable: [
        { deviceClassName: 'a', allocationMode: 'ExactCount', count: 3 },
        { deviceClassName: 'a', allocationMode: 'ExactCount', count: 5 },
        { deviceClassName: 'b', allocationMode: 'All' },
      ],
    };
    const found = usage('resourceclaims.resource.k8s.io', devices(exactly('a', 1), exactly('a', 1), alternatives));
    assert.deepEqual([found[`a${suffix}`], found[`b${suffix}`]], ['7', '32']);
    assert.equal(found['count/resourceclaims.resource.k8s.io'], '1');
  });

  it('counts for the extended resource of a class, less what its pod has been charged', () => {
    const claim = {
      ...devices(exactly('gpu', 3)),
      metadata: {
        name: 'claim',
        namespace: 'n',
        annotations: { 'resource.kubernetes.io/extended-resource-claim': 'true' },
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }],
      },
    };
    const pod = sparse({ metadata: { name: 'p', uid: 'u' }, spec: { containers: [container({ requests: { 'example.com/gpu': '2' } })] } });
    const classes = [sparse({ metadata: { name: 'gpu' }, spec: { extendedResourceName: 'example.com/gpu' } })];
    const objects: QuotaObjects = { list: (name) => (name.startsWith('deviceclasses') ? classes : []), get: () => pod };
    const found = usage('resourceclaims.resource.k8s.io', claim, objects);
    assert.deepEqual([found['requests.example.com/gpu'], found['requests.deviceclass.resource.kubernetes.io/gpu']], ['1', '3']);
    assert.deepEqual(
      counts('resourceclaims.resource.k8s.io', ['requests.example.com/gpu', 'requests.example.com/other', `x${suffix}`], objects),
      ['requests.example.com/gpu', `x${suffix}`],
    );
  });
});

describe('the usage of all other objects', () => {
  it('is their count, by resource and group', () => {
    assert.deepEqual(usage('widgets.example.com', {}), { 'count/widgets.example.com': '1' });
    assert.deepEqual(usage('secrets', {}), { 'count/secrets': '1', secrets: '1' });
  });

  it('does not exist of Events and of what is not stored', () => {
    const evaluators = createQuotaEvaluators(nothing, () => now);
    const names = ['events', 'bindings', 'localsubjectaccessreviews.authorization.k8s.io'];
    assert.deepEqual(
      names.map((name) => evaluators.of(name)),
      [undefined, undefined, undefined],
    );
  });
});
