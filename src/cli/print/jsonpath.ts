/**
 * kubectl's JSONPath templates: `{.items[*].metadata.name}`, `{range .items[*]}…{end}`, filters, slices, unions.
 * Source: client-go util/jsonpath/jsonpath.go; cli-runtime pkg/printers/jsonpath.go.
 */

import { goSyntax, goValue } from '../../api/go-format.ts';
import type { JsonValue } from '../../api/json.ts';
import { findByPath, JsonPathError as PathError } from '../../api/jsonpath/find-by-path.ts';
import { JsonPathSyntaxError, type PathNode, parsePath } from '../../api/jsonpath/parse-path.ts';
import { toCompactJson, toJson } from './json.ts';
import { PrintError } from './print-error.ts';

/** A template that cannot be parsed, or that does not fit the object; the message is upstream's. */
export class JsonPathError extends PrintError {}

export interface JsonPath {
  /** The text, as `-o jsonpath` prints it. Throws JsonPathError. */
  print(value: JsonValue): string;
  /** The text as `-o jsonpath-as-json` prints it: a JSON list per action. */
  printJson(value: JsonValue): string;
  /** Everything found, in order. Throws JsonPathError. */
  find(value: JsonValue): JsonValue[];
  /** What each action found. Throws JsonPathError without the debugging text. */
  results(value: JsonValue): readonly (readonly JsonValue[])[];
}

function resultText(value: JsonValue): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? toCompactJson(value) : goValue(value);
}

/** Parses a template. Throws JsonPathError with kubectl's text. */
export function parseJsonPath(text: string, { allowMissing }: { readonly allowMissing: boolean }): JsonPath {
  const nodes = parseOrFail(text);
  const results = (value: JsonValue) => {
    try {
      return findByPath(nodes, value, allowMissing);
    } catch (error) {
      throw error instanceof PathError ? new JsonPathError(error.message) : error;
    }
  };
  const explained = (value: JsonValue) => {
    try {
      return results(value);
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      const debug = `Error executing template: ${error.message}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${text}\n\tobject given to jsonpath engine was:\n\t\t${goSyntax(value)}\n\n`;
      throw new JsonPathError(`error executing jsonpath ${JSON.stringify(text)}: ${debug}\n`);
    }
  };
  return {
    results,
    print: (value) =>
      explained(value)
        .map((found) => found.map(resultText).join(' '))
        .join(''),
    printJson: (value) =>
      explained(value)
        .map((found) => toJson(found))
        .join(''),
    find: (value) => results(value).flat(),
  };
}

function parseOrFail(text: string): readonly PathNode[] {
  try {
    return parsePath(text);
  } catch (error) {
    if (error instanceof JsonPathSyntaxError) throw new JsonPathError(`error parsing jsonpath ${text}, ${error.message}\n`);
    throw error;
  }
}
