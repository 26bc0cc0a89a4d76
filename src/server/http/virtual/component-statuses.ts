/**
 * `componentstatuses`: deprecated upstream, but still shown in books. Source:
 * pkg/registry/core/componentstatus/rest.go.
 */
import { errorText } from '../../../api/error-text.ts';
import type { JsonObject } from '../../../api/json.ts';
import { defineKind, type KubeObject } from '../../../api/kind.ts';
import { nameColumn } from '../../../api/kinds/columns.ts';
import type { HealthCheck } from '../ports.ts';
import type { VirtualResource } from './virtual-resource.ts';

interface ComponentStatus extends KubeObject {
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string; readonly error: string }[];
}

const healthy = (object: ComponentStatus) => object.conditions.find(({ type }) => type === 'Healthy');

export const componentStatusKind = defineKind<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  names: { shortNames: ['cs'] },
  scope: 'Cluster',
  codec: { schema: 'io.k8s.api.core.v1.ComponentStatus' },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Status',
        type: 'string',
        description: 'Status of the component conditions',
        value: (object) => (healthy(object)?.status === 'True' ? 'Healthy' : 'Unhealthy'),
      },
      {
        name: 'Message',
        type: 'string',
        description: 'Message of the component conditions',
        value: (object) => healthy(object)?.message ?? '',
      },
      { name: 'Error', type: 'string', description: 'Error of the component conditions', value: (object) => healthy(object)?.error ?? '' },
    ],
  },
});

async function statusOf(name: string, check: HealthCheck | undefined): Promise<JsonObject> {
  let condition: JsonObject = { type: 'Healthy', status: 'True', message: 'ok' };
  try {
    await check?.check();
  } catch (error) {
    condition = { type: 'Healthy', status: 'False', error: errorText(error) };
  }
  return { kind: 'ComponentStatus', apiVersion: 'v1', metadata: { name }, conditions: [condition] };
}

/** The components under upstream's names, each with the health check that reports its state. */
const components: readonly (readonly [string, string])[] = [
  ['scheduler', 'scheduler'],
  ['controller-manager', 'controller-manager'],
  ['etcd-0', 'etcd'],
];

/** The three components. One without a health check of its own is healthy as long as the process answers. */
export const componentStatuses = (checks: readonly HealthCheck[]): VirtualResource => ({
  kind: componentStatusKind,
  verbs: ['get', 'list'],
  list: (exchange) => {
    exchange.deprecate('v1 ComponentStatus is deprecated in v1.19+');
    return Promise.all(
      components.map(([name, check]) =>
        statusOf(
          name,
          checks.find((item) => item.name === check),
        ),
      ),
    );
  },
});
