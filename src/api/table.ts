/**
 * Tables: what `kubectl get` shows of the objects of a Kind. Source: apiserver pkg/registry/rest/table.go,
 * pkg/printers.
 */
import type { KubeObject } from './object.ts';

/** One column of `kubectl get`. Priority 0 is always shown, 1 only with `-o wide`. */
export interface Column<T extends KubeObject> {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** Set when the description is that of a field: schema model and field name. */
  readonly descriptionOf?: readonly [model: string, field: string];
  readonly priority?: number;
  /** The cell. Ages are rendered from `now`, in milliseconds since the epoch. */
  value(object: T, now: number): string | number | boolean | null;
}

/** A condition of a table row, e.g. `Completed`. */
export interface RowCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface Table<T extends KubeObject> {
  /** All columns in order, including Name and Age. */
  readonly columns: readonly Column<T>[];
  /** Cells at the end of rows that no column tells of, as upstream has them. Clients leave them out. */
  readonly moreCells?: readonly Column<T>['value'][];
  /** Conditions of an object's row; pods that have terminated have `Completed`. */
  rowConditions?(object: T): readonly RowCondition[];
}
