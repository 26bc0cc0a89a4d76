/** Binds through the API. Source: plugins/defaultbinder/default_binder.go. */
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { refOf } from '../../../api/object.ts';
import type { Plugin, PluginHandle } from '../framework/plugin.ts';

export function defaultBinder({ client }: Pick<PluginHandle, 'client'>): Plugin {
  const api = client.resource(podKind);
  return {
    name: 'DefaultBinder',
    bind: async (_, { pod }, nodeName) => {
      const ref = refOf(pod);
      await api.subresource('create', ref, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: ref.name, namespace: ref.namespace, uid: pod.metadata.uid },
        target: { kind: 'Node', name: nodeName },
      });
      return undefined;
    },
  };
}
