/** Resources that the server computes instead of storing: reviews, component statuses, bindings. */
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import type { AnyKind } from '../../../api/kind.ts';
import type { Exchange } from '../exchange.ts';

export interface VirtualResource {
  /** Describes it; `validate` and the other hooks are not used. */
  readonly kind: AnyKind;
  readonly verbs: readonly ('create' | 'get' | 'list')[];
  /** All objects, for list and get. */
  list?(exchange: Exchange): Promise<readonly JsonObject[]> | readonly JsonObject[];
  /** Answers a POST. */
  create?(exchange: Exchange, body: JsonValue): Promise<JsonObject> | JsonObject;
}
