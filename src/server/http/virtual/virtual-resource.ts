/** Resources that the server computes instead of storing: reviews, component statuses, bindings, metrics. */
import type { JsonObject } from '../../../api/json.ts';
import type { AnyKind } from '../../../api/kind.ts';
import type { Order } from '../../registry/registry.ts';
import type { MetricsQuery } from '../../resource-metrics/resource-metrics.ts';
import type { Exchange } from '../exchange.ts';

export interface VirtualResource {
  /** Declares names and schema; `validate` and the other hooks are not used. */
  readonly kind: AnyKind;
  readonly verbs: readonly ('create' | 'get' | 'list')[];
  /** All objects, for list and get. */
  list?(exchange: Exchange): Promise<readonly JsonObject[]> | readonly JsonObject[];
  /** The objects that a get or list asks for, in place of `list`. Throws 404 for a name that is not there. */
  query?(query: MetricsQuery): Promise<readonly JsonObject[]>;
  /** Carries out a POST. Absent: the registry does, through its behaviours. */
  create?(exchange: Exchange, order: Order): Promise<JsonObject>;
}
