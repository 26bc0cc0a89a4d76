import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { aPod, status, type TestObject, TestRegistry } from '../registry/test-registry.ts';
import type { AdmissionAttributes, MutatingRound } from './admission.ts';
import { defaultIngressClass } from './default-class.ts';

const aClass = (name: string, annotations: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  metadata: { name, annotations },
  provisioner: 'example.com/p',
  ...more,
});
const isDefault: JsonObject = { 'storageclass.kubernetes.io/is-default-class': 'true' };
const aClaim = (name: string, spec: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
  metadata: { name, namespace: 'default', ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const specOf = (object: TestObject): JsonObject => object.spec as JsonObject;

describe('DefaultStorageClass', () => {
  it('gives a claim without a class the newest default class', async () => {
    const test = await new TestRegistry().withNamespace();
    assert.equal(specOf(await test.create('persistentvolumeclaims', aClaim('none'))).storageClassName, undefined);
    await test.create('storageclasses.storage.k8s.io', aClass('plain'));
    await test.create('storageclasses.storage.k8s.io', aClass('b', isDefault));
    await test.create('storageclasses.storage.k8s.io', aClass('a', { 'storageclass.beta.kubernetes.io/is-default-class': 'true' }));
    assert.equal(specOf(await test.create('persistentvolumeclaims', aClaim('same-age'))).storageClassName, 'a');
    test.nowMs += 1000;
    await test.create('storageclasses.storage.k8s.io', aClass('newer', isDefault));
    assert.equal(specOf(await test.create('persistentvolumeclaims', aClaim('newest'))).storageClassName, 'newer');
  });

  it('leaves a claim alone that names a class, even none', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('storageclasses.storage.k8s.io', aClass('a', isDefault));
    assert.equal(specOf(await test.create('persistentvolumeclaims', aClaim('x', { storageClassName: '' }))).storageClassName, '');
    const old = aClaim('y', {}, { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } });
    assert.equal(specOf(await test.create('persistentvolumeclaims', old)).storageClassName, undefined);
  });
});

describe('DefaultIngressClass', () => {
  const admitted = (classes: readonly object[], ingress: object): unknown => {
    const reader = { list: () => classes as readonly KubeObject[], get: () => undefined, awaitObject: () => Promise.resolve(undefined) };
    const attributes = { operation: 'CREATE', kind: { resourceName: 'ingresses.networking.k8s.io' }, subresource: '', object: ingress };
    const result = defaultIngressClass(reader).admit?.(attributes as unknown as AdmissionAttributes, {} as MutatingRound);
    return (result as { readonly spec: JsonObject } | undefined)?.spec.ingressClassName;
  };
  const marked = (name: string): object => ({ metadata: { name, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } } });

  it('gives an Ingress without a class the default class', () => {
    assert.equal(admitted([{ metadata: { name: 'other' } }, marked('b'), marked('a')], { metadata: {}, spec: {} }), 'a');
    assert.equal(admitted([{ metadata: { name: 'other' } }], { metadata: {}, spec: {} }), undefined);
    assert.equal(admitted([marked('a')], { metadata: {}, spec: { ingressClassName: 'x' } }), undefined);
    assert.equal(admitted([marked('a')], { metadata: { annotations: { 'kubernetes.io/ingress.class': 'x' } }, spec: {} }), undefined);
  });
});

describe('PersistentVolumeClaimResize', () => {
  async function boundClaim(more: JsonObject): Promise<TestRegistry> {
    const test = await new TestRegistry().withNamespace();
    await test.create('storageclasses.storage.k8s.io', aClass('a', {}, more));
    await test.create('persistentvolumeclaims', aClaim('c', { storageClassName: 'a' }));
    const bound = { status: { phase: 'Bound', capacity: { storage: '1Gi' } } };
    await test.patch('persistentvolumeclaims', 'default/c', bound, { subresource: 'status' });
    return test;
  }
  const grow = (test: TestRegistry) =>
    test.patch('persistentvolumeclaims', 'default/c', { spec: { resources: { requests: { storage: '2Gi' } } } });
  const refused =
    'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';

  it('lets a claim grow whose class allows it', async () => {
    await grow(await boundClaim({ allowVolumeExpansion: true }));
  });

  it('refuses where the class does not allow it, or is gone', async () => {
    await assert.rejects(grow(await boundClaim({})), status(403, refused));
    const test = await boundClaim({ allowVolumeExpansion: true });
    await test.delete('storageclasses.storage.k8s.io', 'a');
    await assert.rejects(grow(test), status(403, refused));
  });
});

describe('PriorityClasses', () => {
  const priorities = 'priorityclasses.scheduling.k8s.io';
  const aPriority = (name: string, value: number, more: JsonObject = {}): JsonObject => ({ metadata: { name }, value, ...more });

  it('have one global default at most, which pods get that name no class', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create(priorities, aPriority('first', 5, { globalDefault: true, preemptionPolicy: 'Never' }));
    const refused =
      'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass first is already marked as default. Only one default can exist';
    await assert.rejects(test.create(priorities, aPriority('second', 6, { globalDefault: true })), status(403, refused));
    await test.create(priorities, aPriority('second', 6));
    await assert.rejects(test.patch(priorities, 'second', { globalDefault: true }), status(403, refused));
    await test.patch(priorities, 'first', { description: 'd' });
    const { priority, priorityClassName, preemptionPolicy } = specOf(await test.create('pods', aPod('p')));
    assert.deepEqual([priority, priorityClassName, preemptionPolicy], [5, 'first', 'Never']);
  });
});

describe('StorageObjectInUseProtection', () => {
  it('adds the finalizer that keeps a claim while it is in use', async () => {
    const test = await new TestRegistry().withNamespace();
    assert.deepEqual((await test.create('persistentvolumeclaims', aClaim('c'))).metadata.finalizers, ['kubernetes.io/pvc-protection']);
  });
});
