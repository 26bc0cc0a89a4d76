import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { placesIn, problemsOfPages } from './documents.ts';

describe('placesIn', () => {
  it('finds links of the repository and paths in backquotes, not other pages nor what only stands for a name', () => {
    const page =
      'See [a](docs/a.md#part), [b](https://example.com), `src/x.ts`, `src/<verb>.ts`, `kubectl get`, `testdata/NAME.yaml`.\n```\n`src/in-code.ts`\n```\n';
    assert.deepEqual(placesIn(page), { links: ['docs/a.md'], paths: ['src/x.ts'] });
  });
});

describe('problemsOfPages', () => {
  it('tells what a page names that is not there', (t) => {
    const root = mkdtempSync(join(tmpdir(), 'pages-'));
    t.after(() => rmSync(root, { recursive: true }));
    mkdirSync(join(root, 'docs'));
    writeFileSync(join(root, 'docs', 'a.md'), '[here](a.md), [there](../b.md), `docs/a.md`, `src/none.ts`');
    assert.deepEqual(problemsOfPages(root), [
      'docs/a.md: links to ../b.md, which is not there',
      'docs/a.md: names src/none.ts, which is not there',
    ]);
  });
});
