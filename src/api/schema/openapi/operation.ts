/** An operation of a served path, independent of the OpenAPI version. */
import type { GroupVersionKind } from '../../object.ts';
import type { ParameterName } from './parameters.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch' | 'head' | 'options';

export interface Operation {
  readonly id: string;
  readonly description: string;
  /**
   * `list`, `get`, `post`, `put`, `patch`, `delete`, `deletecollection`, `connect`, `watch`, `watchlist`; undefined for
   * what is no resource.
   */
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
  /** The content types of the response where they are others than its model has. */
  readonly answerTypes?: readonly string[];
  readonly codes: readonly number[];
  readonly streams: boolean;
  /** Of a custom resource, which has no protobuf form. */
  readonly custom: boolean;
}

export interface PathOperations {
  readonly path: string;
  /** Query parameters of all operations together, where they are declared once for the path. */
  readonly query?: readonly ParameterName[];
  /** Path parameters, with what each names. */
  readonly pathParameters: ReadonlyMap<'name' | 'namespace' | 'path', string>;
  readonly operations: Partial<Record<Method, Operation>>;
}
