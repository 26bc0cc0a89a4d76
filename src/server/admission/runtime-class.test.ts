import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/generated/core/v1.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import type { KubeObject } from '../../api/object.ts';
import { aPod, status, TestRegistry } from '../registry/test-registry.ts';
import { type AdmissionAttributes, MutatingRound } from './admission.ts';
import { runtimeClass } from './runtime-class.ts';

const toleration = { key: 'runtime', operator: 'Exists' };
const classes: Readonly<Record<string, object>> = {
  plain: { handler: 'plain' },
  heavy: { handler: 'heavy', overhead: { podFixed: { cpu: '250m' } }, scheduling: { nodeSelector: { a: 'b' }, tolerations: [toleration] } },
};
const plugin = runtimeClass({
  get: (resource, _, name) => (resource === 'runtimeclasses.node.k8s.io' ? (classes[name] as KubeObject | undefined) : undefined),
  list: () => [],
  awaitObject: async () => undefined,
});
// Only what the plugin reads.
const attributes = {
  operation: 'CREATE',
  kind: podKind,
  namespace: 'default',
  name: 'p',
  subresource: '',
} as unknown as AdmissionAttributes;

async function admitted(spec: object): Promise<Pod['spec']> {
  const object = { metadata: { name: 'p' }, spec: { containers: [], ...spec } } as unknown as KubeObject; // as above
  const pod = ((await plugin.admit?.({ ...attributes, object }, new MutatingRound((same) => same))) ?? object) as Pod; // what goes in comes out
  await plugin.validate?.({ ...attributes, object: pod });
  return pod.spec;
}

const refused = (cause: string) => status(403, `pods "p" is forbidden: ${cause}`);

describe('RuntimeClass', () => {
  it('passes on that a name cannot be asked for, and refuses one that nobody has', async () => {
    await assert.rejects(admitted({ runtimeClassName: '/a' }), status(500, `invalid resource name "/a": [may not contain '/']`));
    await assert.rejects(admitted({ runtimeClassName: '' }), status(500, 'resource name may not be empty'));
    await assert.rejects(admitted({ runtimeClassName: 'none' }), refused('pod rejected: RuntimeClass "none" not found'));
  });

  it('gives overhead, node selector and tolerations', async () => {
    const { overhead, nodeSelector, tolerations } = await admitted({
      runtimeClassName: 'heavy',
      nodeSelector: { c: 'd' },
      tolerations: [toleration],
    });
    assert.deepEqual([overhead, nodeSelector, tolerations], [{ cpu: '250m' }, { c: 'd', a: 'b' }, [toleration]]);
    assert.deepEqual(await admitted({ runtimeClassName: 'plain' }), { containers: [], runtimeClassName: 'plain' });
  });

  it('refuses unknown classes and what contradicts one', async () => {
    await assert.rejects(admitted({ runtimeClassName: 'none' }), refused('pod rejected: RuntimeClass "none" not found'));
    await assert.rejects(
      admitted({ runtimeClassName: 'heavy', overhead: { cpu: '1' } }),
      refused("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"),
    );
    await assert.rejects(
      admitted({ runtimeClassName: 'heavy', nodeSelector: { a: 'x' } }),
      refused('conflict: runtimeClass.scheduling.nodeSelector[a] = b; pod.spec.nodeSelector[a] = x'),
    );
    await assert.rejects(
      admitted({ overhead: { cpu: '1' } }),
      refused('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'),
    );
  });

  it('is asked about every new pod', async () => {
    const test = await new TestRegistry().withNamespace();
    await assert.rejects(
      test.create('pods', aPod('p', { spec: { runtimeClassName: 'none' } })),
      refused('pod rejected: RuntimeClass "none" not found'),
    );
  });
});
