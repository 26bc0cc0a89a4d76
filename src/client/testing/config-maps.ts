/** A Kind for the client's own tests, which must not depend on the built-in declarations. */
import type { ConfigMap } from '../../api/generated/core/v1.ts';
import { defineKind } from '../../api/kind.ts';
import type { Received } from '../../api/object.ts';

export const configMaps = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
  codec: { schema: 'io.k8s.api.core.v1.ConfigMap' },
});

/** A ConfigMap in namespace `default`. */
export const aConfigMap = (name: string, data: Readonly<Record<string, string>> = {}): Received<ConfigMap> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});
