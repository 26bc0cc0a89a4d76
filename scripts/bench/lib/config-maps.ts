/** The objects that the API benchmarks work on: ConfigMaps of 1 KiB, one in forty with the same label. */
import { type LoadClient, load, request } from './load-client.ts';

export const collection = (namespace: string): string => `/api/v1/namespaces/${namespace}/configmaps`;
export const nameOf = (index: number): string => `object-${String(index).padStart(6, '0')}`;

export function configMap(namespace: string, index: number, version: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: nameOf(index), namespace, labels: { group: String(index % 40) } },
    data: { version, payload: 'x'.repeat(1024) },
  });
}

export async function createNamespace(client: LoadClient, namespace: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const { status } = await client.send(request({ method: 'POST', path: '/api/v1/namespaces', body }));
  if (status !== 201) throw new Error(`namespace ${namespace}: status ${status}`);
}

/** Creates `count` of them, from index `from` on. */
export const createAll = (clients: readonly LoadClient[], namespace: string, count: number, from = 0) =>
  load({
    clients,
    count,
    expected: 201,
    make: (index) => request({ method: 'POST', path: collection(namespace), body: configMap(namespace, from + index, '1') }),
  });
