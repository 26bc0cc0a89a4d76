/** That what docs/ci.md and action.yml tell people to write is understood. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { verbNamed } from '../../src/cli/minik/verbs.ts';

const root = resolve(import.meta.dirname, '..', '..');
const text = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Flags of `minik run` in a text, up to the command. */
const flagsIn = (source: string): readonly string[] =>
  [...source.matchAll(/minik run ([^\n]*?)(?: -- | --$|$)/gm)].flatMap(([, words = '']) =>
    [...words.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name),
  );

describe('what is said about CI systems', () => {
  it('names only flags that there are', () => {
    const known = new Set(verbNamed('run')?.flags.map(({ name }) => name));
    const used = [
      ...flagsIn(text('docs/ci.md')),
      ...[...text('action.yml').matchAll(/flags\+?=\((.*)\)/g)].flatMap(([, words = '']) =>
        [...words.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name),
      ),
    ];
    assert.ok(used.length > 10);
    assert.deepEqual(
      used.filter((name) => !known.has(name)),
      [],
    );
  });

  it('has examples that can be read', () => {
    const blocks = [...text('docs/ci.md').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block);
    assert.ok(blocks.length >= 4);
    for (const block of blocks) assert.equal(typeof parse(block), 'object');
  });

  it('has an action whose steps use the inputs that it declares, and no others', () => {
    const source = text('action.yml');
    const action: {
      readonly inputs: Readonly<Record<string, { readonly description: string }>>;
      readonly runs: { readonly using: string };
    } = parse(source);
    const used = new Set([...source.matchAll(/inputs\.([a-z-]+)/g)].map(([, name]) => name));
    assert.deepEqual([...used].sort(), Object.keys(action.inputs).sort());
    assert.ok(Object.values(action.inputs).every(({ description }) => description.length > 0));
    assert.equal(action.runs.using, 'composite');
    assert.ok(
      [...text('docs/ci.md').matchAll(/^ {10}([a-z-]+): /gm)].every(
        ([, name = '']) => name in action.inputs || ['name', 'path'].includes(name),
      ),
    );
  });
});
