import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ApiServer } from '../../client/api-server.ts';
import { TestRegistry } from './test-registry.ts';

it('is what the in-process client calls', async () => {
  const { registry, context } = await new TestRegistry().withNamespace();
  const api: ApiServer = registry;
  const kind = registry.kinds.byKind('', 'v1', 'Namespace');
  assert.ok(kind);
  const { object } = await api.get(context, { kind, namespace: '', name: 'default', subresource: '' }, { resourceVersion: '' });
  assert.equal(object.metadata.name, 'default');
});
