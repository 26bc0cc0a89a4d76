import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { buildCode, buildTypes } from './build.ts';

it('is a package that works outside of a checkout, imported and required, and runs the example of node:test', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'minik-package-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules'));
  await buildCode(join(folder, 'node_modules/minik'));
  cpSync(join(import.meta.dirname, 'examples'), folder, { recursive: true });
  const run = async (...args: readonly string[]): Promise<string> => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const code = new Promise<number | null>((resolve) => child.on('close', resolve));
    const [status, out, err] = await Promise.all([code, text(child.stdout), text(child.stderr)]);
    assert.equal(status, 0, out + err);
    return out;
  };
  assert.equal(await run('-e', 'import("minik").then(({ Cluster }) => console.log(Cluster === require("minik").Cluster))'), 'true\n');
  assert.match(await run('--test', '--test-reporter=tap', 'node.test.js'), /# pass 2\n# fail 0/);
});

it('has types with which a strict project compiles, imported and required, that has no other package than those of Node', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'minik-types-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const root = resolve(import.meta.dirname, '../..');
  const own = join(folder, 'node_modules/minik');
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  await buildCode(own);
  buildTypes(own);
  for (const name of ['@types/node', 'undici-types']) symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  cpSync(join(import.meta.dirname, 'examples/types.ts'), join(folder, 'imported.ts'));
  cpSync(join(import.meta.dirname, 'examples/types.ts'), join(folder, 'required.cts'));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true, skipLibCheck: false },
    ...{ target: 'esnext', module: 'nodenext', types: ['node'] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['imported.ts', 'required.cts'] }));
  const child = spawn(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const code = new Promise<number | null>((done) => child.on('close', done));
  const [out, status] = await Promise.all([text(child.stdout), code]);
  assert.deepEqual([status, out], [0, '']);
});
