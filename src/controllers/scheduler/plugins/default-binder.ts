/** Binds through the API. Source: plugins/defaultbinder/default_binder.go. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { refOf } from '../../../api/object.ts';
import type { ResourceClient } from '../../../client/client.ts';
import type { BindPlugin } from '../framework.ts';

export const defaultBinder = (api: Pick<ResourceClient<Pod>, 'subresource'>): BindPlugin => ({
  name: 'DefaultBinder',
  bind: async (pod, nodeName) => {
    const ref = refOf(pod);
    await api.subresource('create', ref, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: ref.name, namespace: ref.namespace, uid: pod.metadata.uid },
      target: { kind: 'Node', name: nodeName },
    });
  },
});
