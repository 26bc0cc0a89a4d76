/** Server-made tables as text. Source: cli-runtime pkg/printers/tableprinter.go. */

import { goValue } from '../../../../api/go-format.ts';
import type { JsonObject } from '../../../../api/json.ts';
import { ageOf } from '../../../../api/time.ts';
import { escapeTerminal, growingLayout, type Layout, renderRows } from '../../../print/table.ts';
import type { Flags } from '../../command/flags.ts';
import type { ApiObject } from '../../command/session.ts';
import { outputName } from '../../output/output.ts';
import { type ApiResource, resourceName } from '../../resources/discovery.ts';

export interface TableColumn {
  readonly name: string;
  readonly priority: number;
  readonly format?: string;
}

export interface TableRow {
  readonly cells: readonly (string | number | boolean | null | JsonObject)[];
  readonly object?: ApiObject;
}

/** A meta.k8s.io/v1 Table. */
export interface Table {
  readonly kind?: string;
  /** Null in all but the first event of a watch, as servers in Go write what they leave out. */
  readonly columnDefinitions?: readonly TableColumn[] | null;
  readonly rows?: readonly TableRow[] | null;
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
}

export const tableAccept =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

/**
 * An answer as the Table that the Accept header requested. For an answer that is not a Table, upstream shows names and
 * ages.
 */
export function asTable(answer: ApiObject): Table {
  if (answer.kind === 'Table') return answer as unknown as Table; // its shape follows from its kind
  const objects = Array.isArray(answer.items) ? (answer.items as readonly ApiObject[]) : [answer];
  const nowMs = Date.now();
  return {
    columnDefinitions: [
      { name: 'Name', priority: 0, format: 'name' },
      { name: 'Age', priority: 0 },
    ],
    rows: objects.map((object) => ({ cells: [object.metadata?.name ?? '', ageOf(object.metadata?.creationTimestamp, nowMs)], object })),
  };
}

export interface TableStyle {
  readonly wide: boolean;
  readonly namespaces: boolean;
  readonly labelColumns: readonly string[];
  readonly showLabels: boolean;
  readonly showKind: boolean;
  readonly headers: boolean;
}

/** The table style that the flags request. Kinds are shown when there are several. */
export const styleOf = (flags: Flags, severalKinds: boolean): TableStyle => ({
  wide: outputName(flags) === 'wide',
  namespaces: flags.bool('all-namespaces'),
  labelColumns: flags.list('label-columns'),
  showLabels: flags.bool('show-labels'),
  showKind: flags.bool('show-kind') || severalKinds,
  headers: !flags.bool('no-headers'),
});

function cellText(cell: TableRow['cells'][number]): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return escapeTerminal(goValue(cell));
  const end = cell.search(/[\f\n\r]/);
  return end === -1 ? escapeTerminal(cell) : `${escapeTerminal(cell.slice(0, end))}...`;
}

const labelsText = (labels: Readonly<Record<string, string>> | undefined): string => {
  const entries = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
};

/** Writes the tables of one resource one after the other: headers once, and columns that never get narrower. */
export class TableWriter {
  readonly #resource: ApiResource;
  readonly #style: TableStyle;
  readonly #layout: Layout = growingLayout();
  #columns: readonly TableColumn[] = [];
  #headersDone = false;

  constructor(resource: ApiResource, style: TableStyle) {
    this.#resource = resource;
    this.#style = style;
  }

  /**
   * The text of a table; with `eventType`, of a watch event. A table without columns uses those of the previous table.
   */
  text(table: Table, eventType?: string): string {
    const columns = table.columnDefinitions ?? [];
    const rows = table.rows ?? [];
    if (columns.length > 0) {
      if (JSON.stringify(columns) !== JSON.stringify(this.#columns)) this.#headersDone = false;
      this.#columns = columns;
    }
    if (rows.length === 0) return '';
    const lines = rows.map((row) => this.#row(row, eventType));
    if (this.#style.headers && !this.#headersDone) lines.unshift(this.#headers(eventType));
    this.#headersDone = true;
    return renderRows(lines, this.#layout);
  }

  #shown(index: number): boolean {
    const column = this.#columns[index];
    return column !== undefined && (this.#style.wide || column.priority === 0);
  }

  #headers(eventType: string | undefined): readonly string[] {
    const { namespaces, labelColumns, showLabels } = this.#style;
    return [
      ...(eventType === undefined ? [] : ['EVENT']),
      ...(namespaces ? ['NAMESPACE'] : []),
      ...this.#columns.filter((_, i) => this.#shown(i)).map((column) => column.name.toUpperCase()),
      ...labelColumns.map((label) => (label.split('/').at(-1) ?? label).toUpperCase()),
      ...(showLabels ? ['LABELS'] : []),
    ];
  }

  #row({ cells, object }: TableRow, eventType: string | undefined): readonly string[] {
    const { namespaces, labelColumns, showLabels, showKind } = this.#style;
    const { namespace = '', labels } = object?.metadata ?? {};
    const name = this.#columns.findIndex((column) => column.format === 'name');
    const kind = (index: number): string => (showKind && index === Math.max(name, 0) ? `${resourceName(this.#resource)}/` : '');
    return [
      ...(eventType === undefined ? [] : [eventType.padEnd(8)]),
      ...(namespaces ? [namespace] : []),
      ...cells.flatMap((cell, i) => (this.#shown(i) ? [kind(i) + cellText(cell)] : [])),
      ...labelColumns.map((label) => labels?.[label] ?? ''),
      ...(showLabels ? [labelsText(labels)] : []),
    ];
  }
}
