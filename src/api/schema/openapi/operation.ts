/** An operation of a served path, independent of the OpenAPI version. */
import type { GroupVersionKind } from '../../object.ts';
import type { ParameterName } from './parameters.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'head' | 'options';

export interface Operation {
  readonly id: string;
  readonly description: string;
  /** `list`, `get`, `post`, `put`, `patch`, `delete`, `deletecollection`, `connect`; undefined for discovery. */
  readonly action: string | undefined;
  readonly kind: GroupVersionKind | undefined;
  readonly tag: string;
  readonly query: readonly ParameterName[];
  /** Model whose fields are also query parameters. */
  readonly options: string | undefined;
  /** Model of the request body. */
  readonly body: string | undefined;
  readonly bodyRequired: boolean;
  readonly bodyTypes: readonly string[];
  /** Model of the response; `string` for plain text and streams. */
  readonly answer: string;
  readonly codes: readonly number[];
  readonly streams: boolean;
  /** Of a custom resource, which has no protobuf form. */
  readonly custom: boolean;
}

export interface PathOperations {
  readonly path: string;
  /** Path parameters, with what each names. */
  readonly pathParameters: ReadonlyMap<'name' | 'namespace' | 'path', string>;
  readonly operations: Partial<Record<Method, Operation>>;
}
