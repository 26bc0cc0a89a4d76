/**
 * `columnDefinitions` of Tables. Source: pkg/printers/internalversion/printers.go, apiserver
 * pkg/registry/rest/table.go.
 */

import type { AnyKind } from '../../../api/kind.ts';
import { createdDescription, nameColumn } from '../../../api/kinds/columns.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Column } from '../../../api/table.ts';

/** Returns the descriptions of schema fields, in the order of the request; '' for unknown fields. */
export type DescribeFields = (fields: readonly (readonly [model: string, field: string])[]) => readonly string[];

const defaultColumns: readonly Column<KubeObject>[] = [
  nameColumn,
  { name: 'Created At', type: 'date', description: createdDescription, value: (object) => String(object.metadata.creationTimestamp ?? '') },
];

export const columnsOf = (kind: AnyKind): readonly Column<KubeObject>[] => kind.table?.columns ?? defaultColumns;

/**
 * The definitions of each Kind's columns. Descriptions that come from fields are looked up when a Kind first needs
 * them.
 */
export class TableColumns {
  readonly #describe: DescribeFields;
  readonly #definitions = new WeakMap<AnyKind, string>();

  constructor(describe: DescribeFields) {
    this.#describe = describe;
  }

  /** `columnDefinitions` as JSON text, made once per Kind. */
  definitions(kind: AnyKind): string {
    const known = this.#definitions.get(kind);
    if (known !== undefined) return known;
    const columns = columnsOf(kind);
    const fields = columns.flatMap(({ descriptionOf }) => (descriptionOf === undefined ? [] : [descriptionOf]));
    const described = fields.length === 0 ? [] : this.#describe(fields);
    const text = JSON.stringify(
      columns.map(({ name, type, format, description, descriptionOf, priority }) => ({
        name,
        type,
        format: format ?? '',
        description: description ?? (descriptionOf === undefined ? '' : (described[fields.indexOf(descriptionOf)] ?? '')),
        priority: priority ?? 0,
      })),
    );
    this.#definitions.set(kind, text);
    return text;
  }
}
