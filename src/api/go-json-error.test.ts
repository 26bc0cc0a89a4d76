import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goJsonError } from './go-json-error.ts';

describe('goJsonError', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'unexpected end of JSON input'],
    ['{"a":', 'unexpected end of JSON input'],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{a}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['@', "invalid character '@' looking for beginning of value"],
    ['{} x', "invalid character 'x' after top-level value"],
  ];
  for (const [text, expected] of cases) {
    it(`words ${JSON.stringify(text)} as Go does`, () => {
      let found = '';
      try {
        JSON.parse(text);
      } catch (error) {
        found = goJsonError(text, error);
      }
      assert.equal(found.replace('\\"', '"'), expected);
    });
  }
});
