/** All OpenAPI documents for the Kinds that are served at the moment. The HTTP layer caches and hashes the results. */
import type { JsonObject } from '../json.ts';
import type { AnyKind } from '../kind.ts';
import type { GroupVersionKind } from '../object.ts';
import type { Descriptions } from './descriptions.ts';
import { encodeSwagger } from './openapi/gnostic.ts';
import type { OpenApiInput } from './openapi/input.ts';
import { builtInGroups, type ComputedResource, groupVersionPath, type ServedResource, servedResources } from './openapi/served.ts';
import { serverPaths } from './openapi/server-operations.ts';
import { buildOpenApiV2 } from './openapi-v2.ts';
import { buildOpenApiV3 } from './openapi-v3.ts';
import type { Schemas } from './schema.ts';

export interface OpenApiOptions {
  readonly schemas: Schemas;
  /** Loads the descriptions. Called when the first document is made, since loading takes time. */
  readonly descriptions: () => Descriptions;
  /** The Kinds that are served now; called for each document. */
  readonly kinds: () => readonly AnyKind[];
  /** The Kubernetes version, e.g. `v1.36.0`. */
  readonly version: string;
}

/** Each method also takes the computed resources (such as TokenReview) that the document must include. */
export interface OpenApi {
  /** Swagger 2.0 of everything. */
  v2(computed?: readonly ComputedResource[]): JsonObject;
  /** The same document as a gnostic message: `application/com.github.proto-openapi.spec.v2.v1.0+protobuf`. */
  v2Protobuf(computed?: readonly ComputedResource[]): Uint8Array;
  /** Paths of the v3 documents: `api`, `api/v1`, `apis/apps`, `apis/apps/v1`, `version` …, sorted. */
  v3Paths(computed?: readonly ComputedResource[]): readonly string[];
  /** OpenAPI 3.0 of one path; undefined when not served. */
  v3(path: string, computed?: readonly ComputedResource[]): JsonObject | undefined;
}

/**
 * Creates the source of documents. Nothing is computed until a document is requested. Only descriptions are cached,
 * while documents are made.
 */
export function createOpenApi(options: OpenApiOptions): OpenApi {
  const { schemas, kinds, version } = options;
  // A weak reference: descriptions take a megabyte, and clients rarely ask for documents, but then for many at once.
  let loaded: WeakRef<Descriptions> | undefined;
  const ownKind = (model: string): GroupVersionKind | undefined => {
    const schema = schemas.find(model);
    if (schema === undefined || !schema.isKind) return undefined;
    const group = schema.group === 'meta.k8s.io' ? '' : (schema.group ?? '');
    return { group, kind: schema.name, version: schema.version };
  };
  const input = (): OpenApiInput => {
    const descriptions = loaded?.deref() ?? options.descriptions();
    loaded = new WeakRef(descriptions);
    return { schemas, descriptions, version, ownKind };
  };
  const resources = (computed: readonly ComputedResource[] = []): ServedResource[] => servedResources(kinds(), computed);
  const v2 = (computed?: readonly ComputedResource[]): JsonObject => buildOpenApiV2(input(), resources(computed));
  return {
    v2,
    v2Protobuf: (computed) => encodeSwagger(v2(computed)),
    v3Paths: (computed) => {
      const served = resources(computed);
      const versions = served.map((resource) => groupVersionPath(resource.group, resource.version));
      return [...new Set([...serverPaths(builtInGroups(served)).keys(), ...versions])].toSorted();
    },
    v3: (path, computed) => buildOpenApiV3(input(), resources(computed), path),
  };
}
