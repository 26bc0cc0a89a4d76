/** `-o custom-columns`: a column per JSONPath. Source: kubectl pkg/cmd/get/customcolumn.go. */

import { goValue } from '../../api/go-format.ts';
import type { JsonValue } from '../../api/json.ts';
import { type JsonPath, parseJsonPath } from './jsonpath.ts';
import { PrintError } from './print-error.ts';
import { escapeTerminal, renderRows } from './table.ts';

/** A column specification that cannot be used; the message is upstream's. */
export class CustomColumnsError extends PrintError {}

interface Column {
  readonly header: string;
  readonly path: JsonPath;
}

/** Accepts a path with or without braces and leading dot. Throws CustomColumnsError. */
export function relaxedJsonPath(text: string): string {
  if (text === '') return '';
  const match = /^\{\.?([^{}]+)\}$|^\.?([^{}]+)$/.exec(text);
  if (match === null) {
    throw new CustomColumnsError(
      "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
    );
  }
  return `{.${match[1] ?? match[2] ?? ''}}`;
}

const column = (header: string, path: string): Column => ({ header, path: parseJsonPath(relaxedJsonPath(path), { allowMissing: true }) });

function fromSpec(spec: string): readonly Column[] {
  return spec.split(',').map((part) => {
    const colon = part.indexOf(':');
    if (colon === -1) throw new CustomColumnsError(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    return column(part.slice(0, colon), part.slice(colon + 1));
  });
}

const expectation = 'Expected format is one line of space separated headers, one line of space separated column specs.';

function fromTemplate(text: string): readonly Column[] {
  const words = (line: string): readonly string[] => line.split(/\s+/).filter((word) => word !== '');
  const [headerLine, specLine] = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  if (headerLine === undefined) throw new CustomColumnsError(`invalid template, missing header line. ${expectation}`);
  if (specLine === undefined) throw new CustomColumnsError(`invalid template, missing spec line. ${expectation}`);
  const [headers, specs] = [words(headerLine), words(specLine)];
  if (headers.length !== specs.length) {
    throw new CustomColumnsError(`number of headers (${headers.length}) and field specifications (${specs.length}) don't match`);
  }
  return headers.map((header, i) => column(header, specs[i] ?? ''));
}

function cell(path: JsonPath, item: JsonValue): string {
  const results = path.results(item);
  const none = (results[0] ?? []).length === 0 ? ['<none>'] : [];
  return [...none, ...results.flat().map((value) => escapeTerminal(goValue(value)))].join(',');
}

/**
 * Where the columns come from: `NAME:.metadata.name,…`, or a file's text with a line of headers and a line of paths.
 */
export type ColumnSource = { readonly spec: string } | { readonly file: string };

/** Reads the columns. Throws CustomColumnsError. */
export function parseCustomColumns(source: ColumnSource): (items: readonly JsonValue[], headers: boolean) => string {
  const columns = 'spec' in source ? fromSpec(source.spec) : fromTemplate(source.file);
  return (items, headers) => {
    const rows = items.map((item) => columns.map(({ path }) => cell(path, item)));
    return renderRows(headers ? [columns.map(({ header }) => header), ...rows] : rows);
  };
}

/** The table of some objects. Throws CustomColumnsError. */
export const customColumns = (source: ColumnSource, items: readonly JsonValue[], headers: boolean): string =>
  parseCustomColumns(source)(items, headers);
