import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../json.ts';
import { replicationController } from '../core/replication-controller.ts';
import { cells, created, createErrors, partErrors, received, updateErrors } from '../testing/objects.ts';
import { deployment } from './deployment.ts';
import { replicaSet } from './replica-set.ts';

const template = (more: JsonObject = {}): JsonObject => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'i:1' }], ...more },
});
const spec = (more: JsonObject = {}): JsonObject => ({
  spec: { selector: { matchLabels: { app: 'web' } }, template: template(), ...more },
});

describe('Deployment', () => {
  it('defaults replicas, strategy, history and deadline', () => {
    const { spec: got } = received(deployment, spec());
    assert.equal(got.replicas, 1);
    assert.deepEqual(got.strategy, { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } });
    assert.deepEqual([got.revisionHistoryLimit, got.progressDeadlineSeconds], [10, 600]);
    assert.equal(got.template.spec.restartPolicy, 'Always');
    assert.equal(got.template.spec.enableServiceLinks, undefined);
  });
  it('accepts a good one and starts with an empty status', () => {
    assert.deepEqual(createErrors(deployment, spec()), []);
    assert.deepEqual(created(deployment, { ...spec(), status: { replicas: 3 } }).status, {});
  });
  const invalid: ReadonlyArray<readonly [string, JsonObject, ...string[]]> = [
    [
      'a selector that does not match the template',
      spec({ selector: { matchLabels: { app: 'db' } } }),
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    [
      'no selector',
      { spec: { template: template() } },
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
    ],
    [
      'a selector that cannot be read, saying nothing of the template then',
      spec({ selector: { matchExpressions: [{ key: 'app', operator: 'Is' }] } }),
      'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
      'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is"}]}: invalid label selector',
    ],
    ['an empty selector', spec({ selector: {} }), 'spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
    ['negative replicas', spec({ replicas: -1 }), 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    [
      'Pods that end',
      spec({ template: template({ restartPolicy: 'Never' }) }),
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      'an impossible rolling update',
      spec({ strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' } } }),
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
    ],
    [
      'more than everything unavailable',
      spec({ strategy: { rollingUpdate: { maxUnavailable: '101%' } } }),
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
    ],
    [
      'rolling parameters of a recreation',
      spec({ strategy: { type: 'Recreate', rollingUpdate: {} } }),
      "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
    ],
    [
      'a deadline before readiness',
      spec({ minReadySeconds: 10, progressDeadlineSeconds: 10 }),
      'spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds',
    ],
  ];
  for (const [name, json, ...errors] of invalid) it(`refuses ${name}`, () => assert.deepEqual(createErrors(deployment, json), errors));
  it('keeps its selector', () => {
    const old = created(deployment, spec());
    const next = { ...old, spec: { ...old.spec, selector: { matchLabels: { app: 'web', tier: 'x' } } } };
    assert.ok(
      updateErrors(deployment, old, next).includes(
        'spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"x"}}: field is immutable',
      ),
    );
  });
  it('checks the counts of its status', () => {
    const old = received(deployment, spec());
    const next = { ...old, status: { replicas: 1, readyReplicas: 2, availableReplicas: 1 } };
    assert.deepEqual(partErrors(deployment, 'status', old, next), [
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ]);
  });
  it('fills its table', () => {
    const row = cells(
      deployment,
      received(deployment, { ...spec({ replicas: 3 }), status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 } }),
    );
    assert.deepEqual(
      [row.Ready, row['Up-to-date'], row.Available, row.Containers, row.Images, row.Selector, row.Age],
      ['2/3', 3, 1, 'c', 'i:1', 'app=web', '<unknown>'],
    );
  });
  it('warns about its template', () => {
    const object = received(deployment, spec({ template: template({ nodeSelector: { 'beta.kubernetes.io/arch': 'x' } }) }));
    assert.deepEqual(deployment.rules?.warnings?.(object, undefined), [
      'spec.template.spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead',
    ]);
  });
  it('warns about a name that is no DNS label, and not again while the wanted state stays', () => {
    const object = received(deployment, {
      metadata: { name: 'web.v1', generation: 1 },
      ...spec({ template: template({ nodeSelector: { 'beta.kubernetes.io/arch': 'x' } }) }),
    });
    const [first] = deployment.rules?.warnings?.(object, undefined) ?? [];
    assert.equal(
      first,
      'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    );
    assert.deepEqual(deployment.rules?.warnings?.(object, object), []);
    const changed = { ...object, metadata: { ...object.metadata, generation: 2 } };
    assert.equal(deployment.rules?.warnings?.(changed, object).length, 1);
  });
  it('scales', () => {
    const { scale } = deployment.subresources;
    assert.ok(scale?.does === 'stand-in');
    const object = received(deployment, spec());
    assert.deepEqual(scale.show(object).status, { replicas: 0, selector: 'app=web' });
    assert.equal(scale.take({ spec: { replicas: 5 } }, object).spec.replicas, 5);
  });
});

describe('ReplicaSet', () => {
  it('accepts a good one and refuses an empty selector', () => {
    assert.deepEqual(createErrors(replicaSet, spec()), []);
    assert.deepEqual(createErrors(replicaSet, spec({ selector: {} })), [
      'spec.selector: Invalid value: {}: empty selector is invalid for deployment',
    ]);
  });
  it('is selected by its name and namespace only', () => {
    assert.equal(replicaSet.select, undefined);
  });
});

describe('ReplicationController', () => {
  it('takes selector and labels from its template', () => {
    const rc = received(replicationController, { spec: { template: template() } });
    assert.deepEqual([rc.spec.replicas, rc.spec.selector, rc.metadata.labels], [1, { app: 'web' }, { app: 'web' }]);
    assert.deepEqual(createErrors(replicationController, { spec: { template: template() } }), []);
  });
  it('needs selector and template', () => {
    assert.deepEqual(createErrors(replicationController, { spec: {} }), ['spec.selector: Required value', 'spec.template: Required value']);
  });
  it('refuses a deadline for its Pods', () => {
    assert.deepEqual(createErrors(replicationController, { spec: { template: template({ activeDeadlineSeconds: 5 }) } }), [
      'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
    ]);
  });
});
