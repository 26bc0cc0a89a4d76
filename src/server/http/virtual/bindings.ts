/**
 * `bindings`: the old way to bind a pod, which does the same as the `binding` sub-resource. Source:
 * pkg/registry/core/pod/storage/storage.go (LegacyBindingREST).
 */
import { defineKind } from '../../../api/kind.ts';
import type { VirtualResource } from './virtual-resource.ts';

const bindingKind = defineKind({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.core.v1.Binding' },
});

export const bindings: VirtualResource = { kind: bindingKind, verbs: ['create'] };
