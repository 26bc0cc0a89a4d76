/** Tables for `kubectl get`. Source: apiserver pkg/registry/rest/table.go, pkg/endpoints/handlers/response.go. */
import type { JsonObject } from '../../../api/json.ts';
import type { AnyKind, Column } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { Target } from '../../registry/registry.ts';
import type { Entry } from '../../store/store.ts';
import { partialJson } from './partial-metadata.ts';
import { servedBytes } from './served-object.ts';

export type IncludeObject = 'Metadata' | 'None' | 'Object';

export interface TableFormat {
  /** v1 or v1beta1 of meta.k8s.io. */
  readonly version: string;
  readonly includeObject: IncludeObject;
}

export interface ListMeta {
  /** Absent for computed lists. */
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** `?includeObject=`. Throws 400. */
export function includeObjectParam(value: string | undefined): IncludeObject {
  if (value === undefined || value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw statusErrors.badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

const nameDescription =
  'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names';
const createdDescription =
  'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata';

const defaultColumns: readonly Column<KubeObject>[] = [
  { name: 'Name', type: 'string', format: 'name', description: nameDescription, value: (object) => object.metadata.name },
  { name: 'Created At', type: 'date', description: createdDescription, value: (object) => String(object.metadata.creationTimestamp ?? '') },
];

export const columnsOf = (kind: AnyKind): readonly Column<KubeObject>[] => kind.columns ?? defaultColumns;

const definitions = new WeakMap<AnyKind, string>();

/** `columnDefinitions` as JSON text, made once per Kind. */
export function columnDefinitions(kind: AnyKind): string {
  const known = definitions.get(kind);
  if (known !== undefined) return known;
  const text = JSON.stringify(
    columnsOf(kind).map(({ name, type, format, description, priority }) => ({
      name,
      type,
      format: format ?? (name === 'Name' ? 'name' : ''),
      description: description ?? '',
      priority: priority ?? 0,
    })),
  );
  definitions.set(kind, text);
  return text;
}

function rowJson(
  target: Pick<Target, 'kind' | 'served'>,
  columns: readonly Column<KubeObject>[],
  entry: Entry,
  format: TableFormat,
  now: number,
): string {
  let cells = '';
  for (const column of columns) {
    const value = column.value(entry.object, now);
    cells += cells === '' ? JSON.stringify(value) : `,${JSON.stringify(value)}`;
  }
  const conditions = target.kind.rowConditions?.(entry.object) ?? [];
  const shown = conditions.length === 0 ? '' : `"conditions":${JSON.stringify(conditions)},`;
  return `{"cells":[${cells}],${shown}"object":${rowObject(target, entry, format)}}`;
}

function rowObject(target: Pick<Target, 'kind' | 'served'>, entry: Entry, { includeObject, version }: TableFormat): string {
  if (includeObject === 'None') return 'null';
  return includeObject === 'Object' ? servedBytes(target, entry).toString('utf8') : partialJson(entry, version);
}

const head = (version: string, meta: ListMeta, columns: string): string =>
  `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(meta)},"columnDefinitions":${columns},"rows":[`;

/** A whole Table as JSON text. `now` in milliseconds since the epoch. */
export function tableJson(
  target: Pick<Target, 'kind' | 'served'>,
  entries: readonly Entry[],
  meta: ListMeta,
  options: TableFormat & { readonly now: number; readonly headers: boolean },
): string {
  const columns = columnsOf(target.kind);
  const rows: string[] = [];
  for (const entry of entries) rows.push(rowJson(target, columns, entry, options, options.now));
  return `${head(options.version, meta, options.headers ? columnDefinitions(target.kind) : 'null')}${rows.join(',')}]}`;
}

/** A Table around one ready-made object, for bookmarks of a Table watch. */
export const bookmarkTableJson = (kind: AnyKind, object: JsonObject, version: string, headers: boolean): string => {
  const meta = object.metadata;
  const cells = columnsOf(kind).map(() => '""');
  return `${head(version, { resourceVersion: resourceVersionOf(meta) }, headers ? columnDefinitions(kind) : 'null')}{"cells":[${cells.join(',')}],"object":${JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: meta })}}]}`;
};

const resourceVersionOf = (meta: JsonObject[string]): string =>
  typeof meta === 'object' && meta !== null && 'resourceVersion' in meta ? String(meta.resourceVersion) : '';
