import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { envFileValue } from './env-file.ts';

const file = "# about\n\n  A='one # two' # three\nB='first\nsecond'\nEMPTY= 'x'\nC=''\r\nLAST='$A'";

describe('envFileValue', () => {
  it('reads quoted values as they are, over several lines', () => {
    assert.equal(envFileValue(file, 'A'), 'one # two');
    assert.equal(envFileValue(file, 'B'), 'first\nsecond');
    assert.equal(envFileValue(file, 'LAST'), '$A');
  });

  it('knows what is set to nothing, or not at all', () => {
    for (const key of ['EMPTY', 'C', 'NONE', 'first']) assert.equal(envFileValue(file, key), '');
  });

  it('refuses what a strict reader must', () => {
    const fails = (text: string, why: string): void =>
      assert.throws(() => envFileValue(text, 'X'), { message: `invalid environment variable format ${why}` });
    fails('A', "at line 1: missing '='");
    fails("\n='a'", 'at line 2: empty variable name');
    fails("A ='a'", "at line 1: whitespace before '=' is not allowed");
    fails('A=a', 'at line 1: value must be enclosed in single quotes');
    fails("A='a' b", 'at line 1: unexpected content after closing quote');
    fails("A='a\nb", 'starting at line 1: unclosed single quote');
  });
});
