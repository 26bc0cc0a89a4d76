/** Syntax errors with the messages of the Go library. Source: go.yaml.in/yaml/v2 scannerc.go, parserc.go. */
import type { YAMLParseError } from 'yaml';
import { YamlError } from './yaml-error.ts';

/** The Go library's messages for common mistakes. */
function parserWords({ code, message }: YAMLParseError): string {
  const what = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
  if (code === 'BLOCK_AS_IMPLICIT_KEY' || /Nested mappings are not allowed/.test(what)) {
    return 'mapping values are not allowed in this context';
  }
  if (code === 'TAB_AS_INDENT') return 'found character that cannot start any token';
  if (/Maximum call stack/.test(what)) return 'exceeded max depth of 10000';
  const end = /^Flow (?:map|sequence) .*end with a ([\]}])$/.exec(what)?.[1];
  return end === undefined ? what : `did not find expected ',' or '${end}'`;
}

/** The error of a text; `line` is where it was found, counted from 1. */
export function syntaxError(problem: YAMLParseError, line: number): YamlError {
  const words = parserWords(problem);
  // Go's parser counts from 0 where it finds a token out of place, and does not name its first line.
  const shown = words.startsWith('did not find') ? Math.max(1, line - 1) : line === 1 ? 0 : line;
  return new YamlError(shown === 0 ? words : `line ${shown}: ${words}`);
}
