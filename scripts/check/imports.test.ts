import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cyclesOf, hostTimeProblem, importProblem } from './import-rules.ts';
import { scanImports } from './scan-imports.ts';

const specifiers = (source: string) => scanImports(source).map((found) => found.specifier);

describe('scanImports', () => {
  it('finds static, dynamic, type, side-effect, re-exported, required and worker modules', () => {
    const source = [
      "import a, { b } from './a.ts';",
      "import type { C } from './c.ts';",
      "import './side.ts';",
      "export * from './e.ts';",
      "const d = await import('./d.ts');",
      "type F = import('./f.ts').F;",
      "const g = require('g');",
      "new Worker(new URL('./worker.ts', import.meta.url));",
    ].join('\n');
    assert.deepEqual(specifiers(source), ['./a.ts', './c.ts', './side.ts', './e.ts', './d.ts', './f.ts', 'g', './worker.ts']);
    assert.equal(scanImports(source)[2]?.line, 3);
  });

  it('is not misled by comments, strings, templates and regular expressions', () => {
    const source = [
      "// import './no.ts'",
      "/* from './no.ts' */",
      'const text = "import \'./no.ts\'";',
      ['const template = `import "./no.ts" $', '{`from "./no.ts" $', '{1 / 2}`} }`;'].join(''),
      'const quote = /[\'"`/]/; const half = (1 + 2) / 2;',
      "const url = import.meta.resolve('x');",
      "import './yes.ts';",
    ].join('\n');
    assert.deepEqual(specifiers(source), ['./yes.ts']);
  });
});

describe('hostTimeProblem', () => {
  it('lets only the parts that deal with other processes read the time of the host', () => {
    for (const text of ['Date.now()', 'now: Date.now', 'new Date()', 'setTimeout(f, 1)', 'AbortSignal.timeout(1)', 'systemClock.now()'])
      assert.match(hostTimeProblem('controllers/job.ts', text) ?? '', /injected clock/, text);
    for (const text of ['new Date(nowMs)', 'socket.setTimeout(1)', 'clock.setTimer(1, f)'])
      assert.equal(hostTimeProblem('controllers/job.ts', text), undefined, text);
    assert.equal(hostTimeProblem('runtime/container/docker/images.ts', 'Date.now()'), undefined);
    assert.equal(hostTimeProblem('controllers/job.test.ts', 'Date.now()'), undefined);
  });
});

describe('importProblem', () => {
  it('keeps layers apart', () => {
    assert.equal(importProblem('server/registry/get.ts', 'server/store/store.ts', true), undefined);
    assert.match(importProblem('server/registry/get.ts', 'server/store/sqlite-store.ts', true) ?? '', /may not/);
    assert.match(importProblem('controllers/job.ts', 'server/registry/get.ts', true) ?? '', /may not/);
    assert.match(importProblem('runtime/kubelet/pod.ts', 'runtime/container/docker/docker.ts', true) ?? '', /may not/);
    assert.match(importProblem('api/kind.ts', 'client/clock.ts', true) ?? '', /may not/);
    assert.equal(importProblem('cli/kubectl/verbs/get/get.ts', 'cli/kubectl/output/output.ts', true), undefined);
    assert.match(importProblem('cli/kubectl/output/output.ts', 'cli/kubectl/verbs/get/get.ts', true) ?? '', /may not/);
    assert.match(importProblem('cli/kubectl/verbs/wait.ts', 'cli/kubectl/commands.ts', true) ?? '', /may not/);
    assert.match(importProblem('elsewhere/x.ts', 'api/kind.ts', true) ?? '', /not in the table/);
    assert.equal(importProblem('cluster.ts', 'server/store/sqlite-store.ts', true), undefined);
  });

  it('confines vendors and keeps input and output out of src/api', () => {
    assert.match(importProblem('server/registry/get.ts', 'hono/streaming', false) ?? '', /server\/http/);
    assert.match(importProblem('cluster.ts', 'hono/router', false) ?? '', /server\/http/);
    assert.equal(importProblem('server/http/app.ts', 'hono/router', false), undefined);
    assert.match(importProblem('api/kind.ts', 'node:fs', false) ?? '', /no input or output/);
    assert.equal(importProblem('api/kind.ts', 'node:zlib', false), undefined);
  });

  it('lets tests import anything, and nothing else import tests', () => {
    assert.equal(importProblem('api/kind.test.ts', 'server/store/sqlite-store.ts', true), undefined);
    assert.equal(importProblem('api/kind.ts', 'api/testing/pods.ts', true), 'only tests may import it');
  });
});

describe('cyclesOf', () => {
  it('names the files of each cycle and nothing else', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
      ['d', ['d', 'a']],
    ]);
    assert.deepEqual(
      cyclesOf(graph).map((cycle) => cycle.toSorted()),
      [['b', 'c'], ['d']],
    );
  });
});
