import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { aConfigMap, aDeployment, aPod, mutateOptions, status, TestRegistry } from './test-registry.ts';

describe('create', () => {
  it('sets what the server owns and ignores what a client sends of it', async () => {
    const test = await new TestRegistry().withNamespace();
    const created = await test.create(
      'configmaps',
      aConfigMap(
        'a',
        { k: 'v' },
        {
          uid: 'mine',
          creationTimestamp: '2001-01-01T00:00:00Z',
          deletionTimestamp: '2001-01-01T00:00:00Z',
          generation: 7,
          managedFields: [{ manager: 'x' }],
        },
      ),
    );
    assert.deepEqual(created, {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: created.metadata.uid,
        resourceVersion: String(test.store.revision),
        creationTimestamp: '2026-01-01T00:00:00Z',
        managedFields: [
          {
            manager: 'test',
            operation: 'Update',
            apiVersion: 'v1',
            time: '2026-01-01T00:00:00Z',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:data': { '.': {}, 'f:k': {} } },
          },
        ],
      },
      data: { k: 'v' },
    });
    assert.match(created.metadata.uid, /^0{8}-/);
  });

  it('gives kinds with a status generation 1 and no client status', async () => {
    const test = await new TestRegistry().withNamespace();
    const created = await test.create('deployments.apps', { ...aDeployment('web'), status: { replicas: 5 } });
    assert.equal(created.metadata.generation, 1);
    assert.equal((created.status as { replicas?: number }).replicas, undefined);
  });

  it('fills in defaults and what admission adds to a pod', async () => {
    const test = await new TestRegistry().withNamespace();
    const { spec, status: found } = (await test.create('pods', aPod('p'))) as unknown as {
      spec: Record<string, unknown> & {
        volumes: { name: string }[];
        containers: { volumeMounts: unknown[] }[];
        tolerations: { key: string }[];
      };
      status: { phase: string; qosClass: string };
    };
    assert.equal(spec.restartPolicy, 'Always');
    assert.equal(spec.serviceAccountName, 'default');
    assert.equal(spec.priority, 0);
    assert.equal(spec.preemptionPolicy, 'PreemptLowerPriority');
    assert.deepEqual(
      spec.tolerations.map(({ key }) => key),
      ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'],
    );
    assert.match(spec.volumes[0]?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/);
    assert.deepEqual(spec.containers[0]?.volumeMounts, [
      { name: spec.volumes[0]?.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ]);
    assert.equal(found.phase, 'Pending');
    assert.equal(found.qosClass, 'BestEffort');
  });

  it('generates names, and gives up after eight that are taken', async () => {
    const test = await new TestRegistry().withNamespace();
    const created = await test.create('configmaps', { metadata: { generateName: 'gen-' } });
    assert.match(created.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    const unlucky = await new TestRegistry({ random: () => 0 }).withNamespace();
    await unlucky.create('configmaps', { metadata: { generateName: 'gen-' } });
    await assert.rejects(
      unlucky.create('configmaps', { metadata: { generateName: 'gen-' } }),
      status(409, 'configmaps "gen-bbbbb" already exists, the server was not able to generate a unique name for the object'),
    );
  });

  it('refuses what exists, and says when it is on its way out', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('configmaps', aConfigMap('a', {}, { finalizers: ['example.com/hold'] }));
    await assert.rejects(test.create('configmaps', aConfigMap('a')), status(409, 'configmaps "a" already exists'));
    await test.delete('configmaps', 'default/a');
    await assert.rejects(test.create('configmaps', aConfigMap('a')), status(409, 'object is being deleted: configmaps "a" already exists'));
  });

  it('asks more of events through events.k8s.io/v1', async () => {
    const test = await new TestRegistry().withNamespace();
    const { kind } = test.target('events', 'default');
    const target = { kind, served: { group: 'events.k8s.io', version: 'v1' }, namespace: 'default', name: '', subresource: '' };
    const json = { metadata: { name: 'e' }, regarding: { namespace: 'default' }, type: 'Odd', deprecatedCount: 3 };
    const post = (body: JsonObject) => test.registry.create(test.context, target, { json: body, text: undefined }, mutateOptions);
    await assert.rejects(
      post(json),
      status(
        422,
        'Event "e" is invalid: [eventTime: Required value, type: Invalid value: "": has invalid value: Odd, count: Invalid value: "": needs to be unset]',
      ),
    );
    const said = { reason: 'R', action: 'A', reportingController: 'c', reportingInstance: 'i', eventTime: '2026-01-01T00:00:00.000000Z' };
    await post({ metadata: { name: 'e' }, regarding: { namespace: 'default' }, type: 'Normal', ...said });
    const patch = { type: 'merge', body: { note: 'other' }, force: false } as const;
    await assert.rejects(
      test.registry.patch(test.context, { ...target, name: 'e' }, patch, mutateOptions),
      status(422, 'Event "e" is invalid: message: Invalid value: "other": field is immutable'),
    );
    await test.patch('events', 'default/e', { message: 'other' });
  });

  it('refuses bad requests with upstream’s words', async () => {
    const test = await new TestRegistry().withNamespace();
    const wrongKind = { ...aConfigMap('a'), kind: 'Secret' };
    await assert.rejects(
      test.create('configmaps', wrongKind),
      status(
        400,
        'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
      ),
    );
    await assert.rejects(
      test.create('deployments.apps', { ...aDeployment('a'), apiVersion: 'v1' }),
      status(
        400,
        /^Deployment in version "v1" cannot be handled as a Deployment: no kind "Deployment" is registered for version "v1" in scheme/,
      ),
    );
    await assert.rejects(
      test.create('configmaps', aConfigMap('a', {}, { resourceVersion: '5' })),
      status(500, 'resourceVersion should not be set on objects to be created'),
    );
    await assert.rejects(
      test.create('configmaps', aConfigMap('No Name', {}, { resourceVersion: '5' })),
      status(422, /metadata.name: Invalid value: "No Name"/),
    );
    await assert.rejects(
      test.create('configmaps', { metadata: {} }),
      status(422, /metadata.name: Required value: name or generateName is required/),
    );
    const elsewhere = test.registry.create(
      test.context,
      test.target('configmaps', 'other'),
      { json: aConfigMap('a'), text: undefined },
      { dryRun: false, fieldManager: '', fieldValidation: 'Strict' },
    );
    await assert.rejects(elsewhere, status(400, 'the namespace of the provided object does not match the namespace sent on the request'));
  });

  it('validates fields strictly, with warnings, or not at all', async () => {
    const test = await new TestRegistry().withNamespace();
    const odd = { ...aDeployment('a'), spec: { ...(aDeployment('a').spec as object), foo: 1 } };
    await assert.rejects(
      test.create('deployments.apps', odd),
      status(400, 'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo"'),
    );
    const created = await test.create('deployments.apps', odd, { fieldValidation: 'Warn' });
    assert.equal((created.spec as { foo?: number }).foo, undefined);
    assert.deepEqual(test.warnings, ['unknown field "spec.foo"']);
    await test.create('deployments.apps', { ...odd, metadata: { name: 'b', namespace: 'default' } }, { fieldValidation: 'Ignore' });
    assert.equal(test.warnings.length, 1);
  });

  it('stores nothing on a dry run', async () => {
    const test = await new TestRegistry().withNamespace();
    const { revision } = test.store;
    const created = await test.create('configmaps', aConfigMap('a'), { dryRun: true });
    assert.ok(created.metadata.uid);
    assert.equal(created.metadata.resourceVersion, undefined);
    assert.equal(test.store.revision, revision);
    await assert.rejects(test.get('configmaps', 'default/a'), status(404, 'configmaps "a" not found'));
  });

  it('stores events of both groups as one', async () => {
    const test = await new TestRegistry().withNamespace();
    const kind = test.registry.kinds.byResource('events.k8s.io', 'v1', 'events');
    assert.ok(kind);
    const target = { kind, served: { group: 'events.k8s.io', version: 'v1' }, namespace: 'default', name: '', subresource: '' };
    const json = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'e', namespace: 'default' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      regarding: { kind: 'Pod', namespace: 'default', name: 'p' },
      note: 'hello',
      reason: 'Started',
      action: 'Starting',
      type: 'Normal',
      reportingController: 'example.com/controller',
      reportingInstance: 'one',
    };
    await test.registry.create(
      test.context,
      target,
      { json, text: undefined },
      { dryRun: false, fieldManager: '', fieldValidation: 'Strict' },
    );
    const stored = await test.get('events', 'default/e');
    assert.equal(stored.apiVersion, 'v1');
    assert.equal(stored.message, 'hello');
    assert.deepEqual(await test.names('events', 'default', { fieldSelector: 'involvedObject.name=p' }), ['e']);
    const patch = { type: 'merge', body: { series: { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' } }, force: false } as const;
    await test.registry.patch(test.context, { ...target, name: 'e' }, patch, {
      dryRun: false,
      fieldManager: '',
      fieldValidation: 'Strict',
    });
    assert.deepEqual((await test.get('events', 'default/e')).series, { count: 2, lastObservedTime: '2026-01-01T00:00:01.000000Z' });
  });
});
