import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import type { JsonObject } from '../json.ts';
import { loadSchemas } from '../schema/load.ts';
import { PatchConflictError, PatchError, PatchPreconditionError } from './patch-error.ts';
import {
  applyStrategicMergePatch,
  createThreeWayMergePatch,
  createTwoWayMergePatch,
  type PatchTarget,
  requireUnchanged,
} from './strategic-merge-patch.ts';

const schemas = loadSchemas(brotliDecompressSync);
const target = (model: string): PatchTarget => ({ schemas, schema: schemas.get(model) });
const pod = target('io.k8s.api.core.v1.Pod');
const podSpec = target('io.k8s.api.core.v1.PodSpec');
const service = target('io.k8s.api.core.v1.Service');
const deployment = target('io.k8s.api.apps.v1.Deployment');

const twoContainers: JsonObject = {
  containers: [
    { name: 'a', image: '1', env: [{ name: 'X', value: '1' }] },
    { name: 'b', image: '2' },
  ],
};

describe('applyStrategicMergePatch', () => {
  it('merges lists by their merge key and keeps the live order', () => {
    assert.deepEqual(applyStrategicMergePatch(twoContainers, { containers: [{ name: 'b', image: '3' }, { name: 'c' }] }, podSpec), {
      containers: [{ name: 'a', image: '1', env: [{ name: 'X', value: '1' }] }, { name: 'b', image: '3' }, { name: 'c' }],
    });
  });

  it('merges scalars with the merge strategy and replaces other lists', () => {
    assert.deepEqual(applyStrategicMergePatch({ metadata: { finalizers: ['a', 'b'] } }, { metadata: { finalizers: ['c', 'a'] } }, pod), {
      metadata: { finalizers: ['c', 'a', 'b'] },
    });
    assert.deepEqual(
      applyStrategicMergePatch({ containers: [{ name: 'a', args: ['x'] }] }, { containers: [{ name: 'a', args: ['y'] }] }, podSpec),
      {
        containers: [{ name: 'a', args: ['y'] }],
      },
    );
  });

  it('obeys $patch in objects and elements', () => {
    const original = { nodeSelector: { a: '1' }, securityContext: { runAsUser: 1 }, ...twoContainers };
    assert.deepEqual(applyStrategicMergePatch(original, { securityContext: { $patch: 'replace', fsGroup: 2 } }, podSpec).securityContext, {
      fsGroup: 2,
    });
    assert.deepEqual(applyStrategicMergePatch(original, { securityContext: { $patch: 'delete' } }, podSpec).securityContext, {});
    assert.deepEqual(applyStrategicMergePatch(original, { containers: [{ name: 'a', $patch: 'delete' }] }, podSpec).containers, [
      { name: 'b', image: '2' },
    ]);
    assert.deepEqual(applyStrategicMergePatch(original, { containers: [{ $patch: 'replace' }, { name: 'z' }] }, podSpec).containers, [
      { name: 'z' },
    ]);
  });

  it('removes fields set to null, also inside values that are new', () => {
    assert.deepEqual(
      applyStrategicMergePatch(
        { nodeName: 'n', hostname: 'h' },
        { nodeName: null, priority: null, affinity: { nodeAffinity: null } },
        podSpec,
      ),
      {
        hostname: 'h',
        affinity: {},
      },
    );
  });

  it('deletes from lists of primitives and orders elements', () => {
    assert.deepEqual(
      applyStrategicMergePatch(
        { metadata: { finalizers: ['a', 'b', 'c'] } },
        { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'], '$setElementOrder/finalizers': ['c', 'a'] } },
        pod,
      ),
      { metadata: { finalizers: ['c', 'a'] } },
    );
    assert.deepEqual(
      applyStrategicMergePatch(
        { containers: [{ name: 'a' }, { name: 'server' }, { name: 'b' }] },
        {
          $retainKeys: undefined,
          '$setElementOrder/containers': [{ name: 'b' }, { name: 'c' }, { name: 'a' }],
          containers: [{ name: 'c' }],
        },
        podSpec,
      ),
      { containers: [{ name: 'server' }, { name: 'b' }, { name: 'c' }, { name: 'a' }] },
    );
  });

  it('keeps an element that only the server knows in front of one that takes the place of a deleted one', () => {
    assert.deepEqual(
      applyStrategicMergePatch(
        { containers: [{ name: 'old' }, { name: 'b' }, { name: 'server' }] },
        {
          '$setElementOrder/containers': [{ name: 'b' }, { name: 'new' }],
          containers: [{ name: 'new' }, { name: 'old', $patch: 'delete' }],
        },
        podSpec,
      ),
      { containers: [{ name: 'b' }, { name: 'server' }, { name: 'new' }] },
    );
  });

  it('clears what $retainKeys does not name', () => {
    const original = { volumes: [{ name: 'v', emptyDir: {} }] };
    const patch = { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] };
    assert.deepEqual(applyStrategicMergePatch(original, patch, podSpec), { volumes: [{ name: 'v', hostPath: { path: '/x' } }] });
  });

  it("fails in upstream's words", () => {
    const fails = (patch: JsonObject, message: string | RegExp, code = 500): void => {
      assert.throws(
        () => applyStrategicMergePatch({ ...twoContainers, volumes: [{ name: 'v' }], securityContext: {} }, patch, podSpec),
        (error) => {
          assert.ok(error instanceof PatchError);
          if (typeof message === 'string') assert.equal(error.message, message);
          else assert.match(error.message, message);
          assert.equal(error.code, code);
          return true;
        },
      );
    };
    fails({ containers: [{ image: 'x' }] }, 'map: map[image:x] does not contain declared merge key: name');
    fails({ containers: [{ $patch: 'merge', name: 'a' }] }, 'merging lists cannot yet be specified in the patch');
    fails({ securityContext: { $patch: 'bogus' } }, 'unknown patch type: bogus in map: map[$patch:bogus]');
    fails({ containers: ['x'] }, /^list element types are not identical/);
    fails({ volumes: [{ name: 'v', $retainKeys: ['name'], emptyDir: {} }] }, 'invalid patch format of retainKeys', 400);
    fails(
      { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'b' }] },
      "The order in patch list:\n[map[name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
    );
  });
});

describe('createTwoWayMergePatch', () => {
  it('makes a patch that the server turns into the modified object', () => {
    const modified = {
      containers: [
        { name: 'c', image: '9' },
        { name: 'a', image: '1b', env: [{ name: 'Y', value: '2' }] },
      ],
      volumes: [{ name: 'v', hostPath: { path: '/x' } }],
    };
    const original = { ...twoContainers, nodeName: 'n', volumes: [{ name: 'v', emptyDir: {} }] };
    const patch = createTwoWayMergePatch(original, modified, podSpec);
    assert.deepEqual(patch, {
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }],
      containers: [
        { name: 'c', image: '9' },
        {
          '$setElementOrder/env': [{ name: 'Y' }],
          env: [
            { name: 'Y', value: '2' },
            { name: 'X', $patch: 'delete' },
          ],
          image: '1b',
          name: 'a',
        },
        { name: 'b', $patch: 'delete' },
      ],
      '$setElementOrder/volumes': [{ name: 'v' }],
      volumes: [{ $retainKeys: ['hostPath', 'name'], hostPath: { path: '/x' }, emptyDir: null, name: 'v' }],
      nodeName: null,
    });
    assert.deepEqual(applyStrategicMergePatch(original, patch, podSpec), modified);
  });

  it('is empty for equal objects', () => {
    assert.deepEqual(createTwoWayMergePatch(twoContainers, twoContainers, podSpec), {});
  });

  it('obeys preconditions', () => {
    assert.throws(
      () => createTwoWayMergePatch({ metadata: { name: 'a' } }, { metadata: { name: 'b' } }, pod, [requireUnchanged('metadata', 'name')]),
      PatchPreconditionError,
    );
  });
});

describe('createThreeWayMergePatch', () => {
  const port = (number: number): JsonObject => ({ port: number, protocol: 'TCP', targetPort: number });

  it('deletes what was applied before, keeps what others added, and restores what they changed', () => {
    const patch = createThreeWayMergePatch(
      {
        original: { metadata: { labels: { gone: '1', kept: '1' } }, spec: { ports: [port(80), port(81)], selector: { a: 'b' } } },
        modified: { metadata: { labels: { kept: '1' } }, spec: { ports: [port(80)], selector: { a: 'b' } } },
        current: {
          metadata: { labels: { gone: '1', kept: '2', other: 'x' }, uid: 'u' },
          spec: { ports: [port(80), port(81)], selector: { a: 'b' }, clusterIP: 'i' },
        },
      },
      service,
    );
    assert.deepEqual(patch, {
      metadata: { labels: { gone: null, kept: '1' } },
      spec: { '$setElementOrder/ports': [{ port: 80 }], ports: [{ port: 81, $patch: 'delete' }] },
    });
  });

  it('builds what kubectl apply sends for a changed image', () => {
    const at = (image: string, more: JsonObject = {}): JsonObject => ({
      spec: { template: { spec: { containers: [{ name: 'web', image, ...more }] } } },
    });
    const patch = createThreeWayMergePatch(
      { original: at('web:1'), modified: at('web:2'), current: at('web:1', { terminationMessagePath: '/dev/termination-log' }) },
      deployment,
    );
    assert.deepEqual(patch, {
      spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'web' }], containers: [{ image: 'web:2', name: 'web' }] } } },
    });
  });

  it('reports conflicts only when told not to overwrite', () => {
    const documents = { original: { spec: { type: 'A' } }, modified: { spec: { type: 'B' } }, current: { spec: { type: 'C' } } };
    assert.deepEqual(createThreeWayMergePatch(documents, service), { spec: { type: 'B' } });
    assert.throws(() => createThreeWayMergePatch({ ...documents, overwrite: false }, service), PatchConflictError);
  });
});
