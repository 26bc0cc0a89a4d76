import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readinessOf, type StatusOf } from './readiness.ts';
import { storyOf } from './story.ts';

const condition = (type: string, status: string, reason = '', message = '') => ({ type, status, reason, message });

/** `ready`, or the state with what is missing. */
const verdict = (object: StatusOf): string => {
  const { state, why } = readinessOf(object);
  return state === 'ready' ? state : `${state}: ${why}`;
};

const deployment = (status: StatusOf['status'], spec: StatusOf['spec'] = { replicas: 2 }): StatusOf => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', generation: 2 },
  ...(spec === undefined ? {} : { spec }),
  ...(status === undefined ? {} : { status }),
});

describe('readiness', () => {
  it('of a Deployment: its last change is rolled out, and nothing of the one before is left', () => {
    const rolled = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
    for (const [object, said] of [
      [deployment(rolled), 'ready'],
      [deployment({ ...rolled, observedGeneration: 1 }), 'waiting: its controller has not seen its last change'],
      [deployment(undefined), 'waiting: its controller has not seen its last change'],
      [deployment({ ...rolled, replicas: 3 }), 'waiting: 2 of 2 replicas are available'],
      [deployment({ ...rolled, updatedReplicas: 1 }), 'waiting: 1 of 2 replicas are available'],
      [deployment({ ...rolled, updatedReplicas: 1 }, { replicas: 2, paused: true }), 'ready'],
      [deployment({ observedGeneration: 2 }, { replicas: 0 }), 'ready'],
      [
        deployment({ observedGeneration: 2, conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'too slow')] }),
        'failed: ProgressDeadlineExceeded: too slow',
      ],
      [
        deployment({ observedGeneration: 2, conditions: [condition('ReplicaFailure', 'True', 'FailedCreate', 'quota')] }),
        'waiting: 0 of 2 replicas are available; FailedCreate: quota',
      ],
    ] as const)
      assert.equal(verdict(object), said);
  });

  it('of other workloads, by what their controllers count', () => {
    const of = (kind: string, spec: StatusOf['spec'], status: StatusOf['status'], apiVersion = 'apps/v1'): string =>
      verdict({ apiVersion, kind, metadata: { name: 'x', generation: 1 }, spec: spec ?? {}, status: { observedGeneration: 1, ...status } });
    const revisions = { currentRevision: 'a', updateRevision: 'b' };
    assert.equal(of('StatefulSet', { replicas: 2 }, { readyReplicas: 1 }), 'waiting: 1 of 2 replicas are ready');
    assert.equal(
      of('StatefulSet', { replicas: 2 }, { readyReplicas: 2, ...revisions, updatedReplicas: 1 }),
      'waiting: 1 of 2 replicas are updated',
    );
    const partition = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } };
    assert.equal(
      of('StatefulSet', { replicas: 2, updateStrategy: partition }, { readyReplicas: 2, ...revisions, updatedReplicas: 1 }),
      'ready',
    );
    assert.equal(of('StatefulSet', { replicas: 2, updateStrategy: { type: 'OnDelete' } }, { readyReplicas: 2, ...revisions }), 'ready');
    assert.equal(
      of('DaemonSet', {}, { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 1 }),
      'waiting: 1 of 3 nodes have an available pod',
    );
    assert.equal(of('DaemonSet', {}, { desiredNumberScheduled: 0 }), 'ready');
    assert.equal(of('ReplicationController', { replicas: 1 }, { replicas: 1, availableReplicas: 1 }, 'v1'), 'ready');
    assert.equal(of('Deployment', { replicas: 1 }, {}, 'extensions/v1beta1'), 'waiting: 0 of 1 replicas are available');
    assert.equal(of('Job', { completions: 3 }, { succeeded: 1, failed: 2 }, 'batch/v1'), 'waiting: 1 of 3 completions, 2 failed pods');
    assert.equal(of('Job', {}, { conditions: [condition('Complete', 'True')] }, 'batch/v1'), 'ready');
    assert.equal(of('Job', { suspend: true }, {}, 'batch/v1'), 'ready');
    assert.equal(
      of('Job', {}, { conditions: [condition('Failed', 'True', 'BackoffLimitExceeded', 'no')] }, 'batch/v1'),
      'failed: BackoffLimitExceeded: no',
    );
  });

  it('of a Pod: names the container that keeps it from being ready, and how it ended before', () => {
    const pod = (status: StatusOf['status'], spec: StatusOf['spec'] = {}): string =>
      verdict({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec, status: status ?? {} });
    assert.equal(pod({ phase: 'Running', conditions: [condition('Ready', 'True')] }), 'ready');
    assert.equal(pod({ phase: 'Succeeded' }), 'ready');
    assert.equal(pod({ phase: 'Pending' }), 'waiting: its containers have not started');
    assert.equal(
      pod({ phase: 'Pending', conditions: [condition('PodScheduled', 'False', 'Unschedulable', '0/1 nodes are available')] }),
      'waiting: Unschedulable: 0/1 nodes are available',
    );
    const backOff = {
      name: 'c',
      restartCount: 4,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    };
    assert.equal(
      pod({ phase: 'Running', containerStatuses: [backOff] }),
      'waiting: container c: CrashLoopBackOff (before: exit code 3, Error; restarts: 4)',
    );
    assert.equal(
      pod({ phase: 'Running', containerStatuses: [{ name: 'c', ready: false, state: { running: {} } }] }),
      'waiting: container c: runs, but is not ready',
    );
    const init = [
      { name: 'a', state: { terminated: { exitCode: 0 } } },
      { name: 'b', state: { running: {} } },
      { name: 'z', state: { waiting: { reason: 'PodInitializing' } } },
    ];
    assert.equal(pod({ phase: 'Pending', initContainerStatuses: init }), 'waiting: container b: runs, but is not ready');
    assert.equal(pod({ phase: 'Failed', reason: 'Evicted', message: 'disk' }), 'failed: Evicted: disk');
    assert.equal(
      pod({ phase: 'Running', conditions: [condition('example.com/gate', 'False', 'Wait')] }),
      'waiting: example.com/gate: Wait',
    );
  });

  it('of kinds without rules of their own: their condition, where they have one', () => {
    const thing = (conditions?: readonly ReturnType<typeof condition>[]): StatusOf => ({
      apiVersion: 'example.com/v1',
      kind: 'Thing',
      ...(conditions === undefined ? {} : { status: { conditions } }),
    });
    assert.equal(verdict(thing()), 'ready');
    assert.equal(verdict(thing([condition('Ready', 'True')])), 'ready');
    assert.equal(verdict(thing([condition('Ready', 'False', 'Syncing', 'soon')])), 'waiting: Ready is False: Syncing: soon');
    assert.equal(
      verdict({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }),
      'waiting: it is not Established yet',
    );
    assert.equal(verdict({ apiVersion: 'v1', kind: 'Service', spec: { type: 'LoadBalancer' } }), 'waiting: it has no address');
    assert.equal(verdict({ apiVersion: 'v1', kind: 'Namespace', metadata: { deletionTimestamp: 'now' } }), 'waiting: it is being deleted');
  });
});

describe('the story of an object', () => {
  const owned = (uid: string) => ({ ownerReferences: [{ uid }] });
  const set: StatusOf = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web-1', namespace: 'shop', uid: 'r', generation: 1 },
    spec: { replicas: 1 },
    status: { observedGeneration: 1 },
  };
  const pod = (name: string): StatusOf => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'shop', uid: name, ...owned('r') },
    status: { containerStatuses: [{ name: 'c', state: { waiting: { reason: 'ErrImagePull' } } }] },
  });
  const warning = (uid: string, reason: string, at: string) => ({
    type: 'Warning',
    reason,
    message: 'because',
    count: 2,
    involvedObject: { uid },
    lastTimestamp: at,
  });

  it('goes from what owns to what is owned, with the last warnings of each', () => {
    const events = [
      warning('a', 'Failed', '2026-01-01T00:00:02Z'),
      warning('other', 'Never', ''),
      warning('a', 'Earlier', '2026-01-01T00:00:01Z'),
    ];
    assert.deepEqual(storyOf(set, { objects: [set, pod('a')], events }), [
      'replicaset shop/web-1: 0 of 1 replicas are available',
      '  pod shop/a: container c: ErrImagePull',
      '    event: Earlier (2 times): because',
      '    event: Failed (2 times): because',
    ]);
  });

  it('tells of five, and how many more there are', () => {
    const pods = Array.from({ length: 8 }, (_, index) => pod(`p${index}`));
    const story = storyOf(set, { objects: pods, events: [] });
    assert.deepEqual([story.length, story.at(-1)], [7, '  and 3 more like these']);
  });

  it('is empty when all is well', () => {
    const ready = { ...set, status: { observedGeneration: 1, replicas: 1, availableReplicas: 1 } };
    assert.deepEqual(storyOf(ready, { objects: [], events: [warning('r', 'Old', '')] }), []);
  });
});
