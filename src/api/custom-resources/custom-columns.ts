/**
 * The columns that a definition asks for. Source: apiextensions-apiserver
 * pkg/registry/customresource/tableconvertor/tableconvertor.go.
 */
import type { CustomResourceColumnDefinition } from '../generated/apiextensions/v1.ts';
import { goValue } from '../go-format.ts';
import type { JsonValue } from '../json.ts';
import { findByPath, JsonPathError } from '../jsonpath/find-by-path.ts';
import { JsonPathSyntaxError, type PathNode, parsePath } from '../jsonpath/parse-path.ts';
import { createdDescription, nameColumn } from '../kinds/columns.ts';
import type { CustomObject } from '../object.ts';
import { asJson } from '../object-fields.ts';
import type { Column } from '../table.ts';
import { ageOf } from '../time.ts';

const columnTypes = ['string', 'integer', 'number', 'boolean', 'date'] as const;

const typeOf = (type: string): Column<CustomObject>['type'] => columnTypes.find((one) => one === type) ?? 'string';

/** Where a definition names no columns. */
const ageColumns: readonly CustomResourceColumnDefinition[] = [
  { name: 'Age', type: 'date', description: createdDescription, jsonPath: '.metadata.creationTimestamp' },
];

/** The columns of a version. When a path does not parse, those after it are left out, as upstream does. */
export function customColumns(declared: readonly CustomResourceColumnDefinition[] | undefined): readonly Column<CustomObject>[] {
  const columns: Column<CustomObject>[] = [nameColumn];
  for (const column of declared === undefined || declared.length === 0 ? ageColumns : declared) {
    const path = pathOf(column.jsonPath);
    if (path === undefined) return columns;
    const type = typeOf(column.type);
    columns.push({
      name: column.name,
      type,
      ...(column.format === undefined ? {} : { format: column.format }),
      description: column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
      ...(column.priority === undefined ? {} : { priority: column.priority }),
      value: (object, now) => cell(type, findOne(path, asJson(object)), now),
    });
  }
  return columns;
}

/** Undefined when it does not parse. */
export function pathOf(jsonPath: string): readonly PathNode[] | undefined {
  try {
    return parsePath(`{${jsonPath}}`);
  } catch (error) {
    if (error instanceof JsonPathSyntaxError) return undefined;
    throw error;
  }
}

/** The first value that a path finds; undefined when there is none. */
export function findOne(path: readonly PathNode[], value: JsonValue): JsonValue | undefined {
  try {
    return findByPath(path, value, true)[0]?.[0];
  } catch (error) {
    if (error instanceof JsonPathError) return undefined;
    throw error;
  }
}

function cell(type: Column<CustomObject>['type'], value: JsonValue | undefined, now: number): string | number | boolean | null {
  if (value === undefined) return null;
  switch (type) {
    case 'string':
      return value !== null && typeof value === 'object' ? JSON.stringify(value) : value === null ? 'null' : goValue(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateCell(value, now) : null;
  }
}

/** How long ago a time was. */
function dateCell(text: string, now: number): string {
  if (text === '' || text === 'null') return '<unknown>';
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)) ? ageOf(text, now) : '<invalid>';
}
