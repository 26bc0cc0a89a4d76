/** The inputs of the OpenAPI documents. */

import type { GroupVersionKind } from '../../object.ts';
import type { Descriptions } from '../descriptions.ts';
import type { Schemas } from '../schema.ts';

export interface OpenApiInput {
  readonly schemas: Schemas;
  readonly descriptions: Descriptions;
  /** The Kubernetes version, e.g. `v1.36.0`. */
  readonly version: string;
  /**
   * The kind that a model is declared as in its package, e.g. Binding; undefined for models that are only parts of
   * kinds.
   */
  readonly ownKind: (model: string) => GroupVersionKind | undefined;
}
