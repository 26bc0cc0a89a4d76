/**
 * Paths that rules and selectable fields name, such as `.spec.color` or `.spec['a.b']`. Source: apiextensions-apiserver
 * pkg/apiserver/schema/cel/validation.go (ValidFieldPath).
 */
import { FieldPath } from '../field-error.ts';
import { hasValues, type JsonSchema, propertyOf, valuesOf } from './structural.ts';

export type FieldPathResult =
  | { readonly ok: true; readonly path: FieldPath; readonly root: string; readonly schema: JsonSchema | undefined }
  | { readonly ok: false; readonly problem: string };

class PathProblem extends Error {}

/** Delimiters, quoted texts and names. */
const tokensOf = (path: string): readonly string[] => path.match(/[.[\]]|'(?:[^'\\]|\\.)*'|[^.[\]]+/g) ?? [];

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_all, char: string) => {
    const known: Readonly<Record<string, string>> = {
      n: '\n',
      r: '\r',
      t: '\t',
      b: '\b',
      f: '\f',
      v: '\v',
      a: '\x07',
      '\\': '\\',
      "'": "'",
      '"': '"',
    };
    const replaced = known[char];
    if (replaced === undefined) throw new PathProblem(`invalid string literal: invalid escape sequence '\\${char}'`);
    return replaced;
  });
}

/** Follows a path through a schema. `brackets`: whether `['name']` may be written for `.name`. */
export function resolveFieldPath(jsonPath: string, schema: JsonSchema, { brackets }: { readonly brackets: boolean }): FieldPathResult {
  const tokens = tokensOf(jsonPath);
  let path = FieldPath.root;
  let root = '';
  let current: JsonSchema | undefined = schema;
  let at = 0;
  const next = (): string => {
    const token = tokens[at];
    if (token === undefined) throw new PathProblem('unexpected end of JSON path');
    at += 1;
    return token;
  };
  const step = (name: string): void => {
    if (current?.properties !== undefined && Object.keys(current.properties).length > 0) {
      path = path.field(name);
      const property = propertyOf(current, name);
      if (property === undefined) throw new PathProblem('does not refer to a valid field');
      current = property;
    } else if (current !== undefined && hasValues(current)) {
      path = path.key(name);
      current = valuesOf(current);
    } else throw new PathProblem('does not refer to a valid field');
    if (root === '') root = name;
  };
  try {
    while (at < tokens.length) {
      const token = next();
      if (token === '.') step(next());
      else if (token === '[') {
        if (!brackets) throw new PathProblem('array notation is not allowed');
        const quoted = next();
        if (!/^'.*'$/s.test(quoted) || quoted.length < 2) throw new PathProblem(`expected single quoted string but got ${quoted}`);
        step(unescaped(quoted.slice(1, -1)));
        const close = next();
        if (close !== ']') throw new PathProblem(`expected ] but got ${close}`);
      } else throw new PathProblem(`expected [ or . but got: ${token}`);
    }
    return { ok: true, path, root, schema: current };
  } catch (error) {
    if (error instanceof PathProblem) return { ok: false, problem: error.message };
    throw error;
  }
}
