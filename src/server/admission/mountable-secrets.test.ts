import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { aPod, status, TestRegistry } from '../registry/test-registry.ts';

async function strict(value = 'true'): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  await test.create('serviceaccounts', {
    metadata: { name: 'strict', namespace: 'default', annotations: { 'kubernetes.io/enforce-mountable-secrets': value } },
    secrets: [{ name: 'mine' }],
    imagePullSecrets: [{ name: 'pull' }],
  });
  return test;
}
const pod = (spec: JsonObject): JsonObject => aPod('p', { spec: { serviceAccountName: 'strict', ...spec } });
const from = (name: string): JsonObject => ({ name: 'c', image: 'i', envFrom: [{ secretRef: { name } }] });

describe('an account that names the Secrets of its pods', () => {
  it('lets them use these', async () => {
    const test = await strict();
    await test.create(
      'pods',
      pod({ volumes: [{ name: 'v', secret: { secretName: 'mine' } }], containers: [from('mine')], imagePullSecrets: [{ name: 'pull' }] }),
    );
  });

  it('lets them use no others', async () => {
    const test = await strict();
    const refused = async (spec: JsonObject, cause: string): Promise<void> => {
      await assert.rejects(test.create('pods', pod(spec)), status(403, `pods "p" is forbidden: ${cause}`));
    };
    const rule = 'is not allowed because service account strict does not reference that';
    await refused({ volumes: [{ name: 'v', secret: { secretName: 'x' } }] }, `volume with secret.secretName="x" ${rule} secret`);
    await refused({ containers: [from('x')] }, `container c with envFrom referencing secret.secretName="x" ${rule} secret`);
    const env = [{ name: 'E', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }];
    await refused(
      { initContainers: [{ name: 'i', image: 'i', env }] },
      `init container i with envVar E referencing secret.secretName="x" ${rule} secret`,
    );
    await refused({ imagePullSecrets: [{ name: 'pull' }, { name: 'x' }] }, `imagePullSecrets[1].name="x" ${rule} imagePullSecret`);
  });

  it('holds for ephemeral containers', async () => {
    const test = await strict();
    await test.create('pods', pod({}));
    const debug = (name: string) =>
      test.patch(
        'pods',
        'default/p',
        { spec: { ephemeralContainers: [{ ...from(name), name: 'e' }] } },
        { type: 'strategic', subresource: 'ephemeralcontainers' },
      );
    await assert.rejects(debug('x'), status(500, /^ephemeral container e with envFrom referencing secret.secretName="x" is not allowed/));
    await debug('mine');
  });

  it('only when its annotation says so', async () => {
    const test = await strict('nonsense');
    await test.create('pods', pod({ containers: [from('x')] }));
  });
});

describe('a mirror pod', () => {
  it('may refer to no account, Secret or token', async () => {
    const test = await new TestRegistry().withNamespace();
    const refused = async (spec: JsonObject, cause: string): Promise<void> => {
      const mirror = aPod('p', { spec: { nodeName: 'n', ...spec }, metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } });
      await assert.rejects(test.create('pods', mirror), status(403, `pods "p" is forbidden: a mirror pod may not ${cause}`));
    };
    await refused({ serviceAccountName: 'default' }, 'reference service accounts');
    await refused({ imagePullSecrets: [{ name: 'x' }] }, 'reference secrets');
    await refused({ containers: [from('x')] }, 'reference secrets');
    await refused({ volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 'x' } }] } }] }, 'reference secrets');
    const sources = [{ serviceAccountToken: { path: 't' } }];
    await refused({ volumes: [{ name: 'v', projected: { sources } }] }, 'use ServiceAccountToken volume projections');
  });
});
