/** Every statement of docs/security.md is held by a test that is there. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const [statements = '', table = ''] = page.split('\n## The tests\n');
const rows = [...table.matchAll(/^\| ([a-z -]+) \| `([^`]+)` \| (.+) \|$/gm)].map(([, name = '', file = '', test = '']) => ({
  name,
  file,
  test,
}));

describe('the page about security', () => {
  it('has a test for every statement, and a statement for every test', () => {
    const named = new Set([...statements.matchAll(/\[([a-z -]+)\](?!\()/g)].map(([, name = '']) => name));
    assert.ok(named.size > 10);
    assert.deepEqual([...named].sort(), rows.map(({ name }) => name).sort());
    const promises = statements.split(/^## /m).filter((section) => !section.startsWith('To report a fault'));
    const bullets = promises.flatMap((section) => section.split(/^- /m).slice(1));
    for (const bullet of bullets) assert.match(bullet, /\[[a-z -]+\]/, `no test is named for: ${bullet}`);
  });

  for (const { name, file, test } of rows) {
    it(`names a test that is there: ${name}`, () => {
      const source = readFileSync(join(root, file), 'utf8');
      assert.ok(source.includes(`it('${test}'`), `${file} has no test ${test}`);
    });
  }
});
