/** `bindings`: the old way to bind a pod, same as its `binding` sub-resource. Source: pkg/registry/core/pod/storage/storage.go (LegacyBindingREST). */
import { defineKind } from '../../../api/kind.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { Registry } from '../../registry/registry.ts';
import { mutateOptions } from '../options/mutate-options.ts';
import { memberText } from './json-members.ts';
import type { VirtualResource } from './virtual-resource.ts';

const bindingKind = defineKind({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.core.v1.Binding' },
});

export const bindings = (registry: Registry): VirtualResource => ({
  kind: bindingKind,
  verbs: ['create'],
  create: (exchange, body) => {
    const kind = registry.kinds.byResource('', 'v1', 'pods');
    const name = memberText(body, 'metadata', 'name');
    if (kind === undefined || name === '') throw statusErrors.badRequest('name is required');
    const target = { kind, namespace: exchange.info.namespace, name, subresource: 'binding' };
    return registry.subresource(exchange, target, 'create', body, mutateOptions(exchange, 'CreateOptions'));
  },
});
