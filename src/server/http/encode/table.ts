/** Tables for `kubectl get`. Source: apiserver pkg/registry/rest/table.go, pkg/endpoints/handlers/response.go. */
import type { JsonObject } from '../../../api/json.ts';
import type { AnyKind } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { Column } from '../../../api/table.ts';
import type { Target } from '../../registry/registry.ts';
import type { Entry } from '../../store/store.ts';
import { partialJson } from './partial-metadata.ts';
import type { ServedEntries } from './served-entries.ts';
import { columnsOf, type TableColumns } from './table-columns.ts';

export type IncludeObject = 'Metadata' | 'None' | 'Object';

export interface TableFormat {
  /** v1 or v1beta1 of meta.k8s.io. */
  readonly version: string;
  readonly includeObject: IncludeObject;
  readonly served: ServedEntries;
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

function rowJson(
  target: Pick<Target, 'kind' | 'served'>,
  columns: readonly Column<KubeObject>[],
  entry: Entry,
  format: TableFormat,
  now: number,
): string {
  let cells = '';
  const object = format.served.shown(target, entry);
  const add = (value: string | number | boolean | null): void => {
    cells += cells === '' ? JSON.stringify(value) : `,${JSON.stringify(value)}`;
  };
  for (const column of columns) add(column.value(object, now));
  for (const value of target.kind.table?.moreCells ?? []) add(value(object, now));
  const conditions = target.kind.table?.rowConditions?.(object) ?? [];
  const shown = conditions.length === 0 ? '' : `"conditions":${JSON.stringify(conditions)},`;
  return `{"cells":[${cells}],${shown}"object":${rowObject(target, entry, format)}}`;
}

function rowObject(target: Pick<Target, 'kind' | 'served'>, entry: Entry, { includeObject, served, version }: TableFormat): string {
  if (includeObject === 'None') return 'null';
  return includeObject === 'Object' ? served.bytes(target, entry).toString('utf8') : partialJson(entry, version);
}

const head = (version: string, meta: ListMeta, columns: string): string =>
  `{"kind":"Table","apiVersion":"meta.k8s.io/${version}","metadata":${JSON.stringify(meta)},"columnDefinitions":${columns},"rows":[`;

/** A whole Table as JSON text. `now` in milliseconds since the epoch. */
export function tableJson(
  target: Pick<Target, 'kind' | 'served'>,
  entries: readonly Entry[],
  meta: ListMeta,
  options: TableFormat & { readonly columns: TableColumns; readonly now: number; readonly headers: boolean },
): string {
  const columns = columnsOf(target.kind);
  const rows: string[] = [];
  for (const entry of entries) rows.push(rowJson(target, columns, entry, options, options.now));
  return `${head(options.version, meta, options.headers ? options.columns.definitions(target.kind) : 'null')}${rows.join(',')}]}`;
}

/**
 * A Table around one object, for bookmarks of a Table watch. `headers`: present when the Table carries its column
 * definitions.
 */
export const bookmarkTableJson = (kind: AnyKind, object: JsonObject, version: string, headers: TableColumns | undefined): string => {
  const meta = object.metadata;
  const cells = columnsOf(kind).map(() => '""');
  return `${head(version, { resourceVersion: resourceVersionOf(meta) }, headers?.definitions(kind) ?? 'null')}{"cells":[${cells.join(',')}],"object":${JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: meta })}}]}`;
};

const resourceVersionOf = (meta: JsonObject[string]): string =>
  typeof meta === 'object' && meta !== null && 'resourceVersion' in meta ? String(meta.resourceVersion) : '';
