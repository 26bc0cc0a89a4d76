/** The modules that the bundle leaves out cannot be loaded. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bundle, optionalModules } from './bundle.ts';

const root = resolve(import.meta.dirname, '..');

describe('the bundle', () => {
  let folder = '';
  const bundled = async (name: string, source: string): Promise<Record<string, unknown>> => {
    const entry = join(folder, `${name}.cjs`);
    const output = join(folder, `${name}.bundle.cjs`);
    writeFileSync(entry, source);
    await bundle({ entry, output });
    return createRequire(import.meta.url)(output);
  };

  before(() => {
    // Beside node_modules, so that the packages are found as from the sources.
    mkdirSync(join(root, '.minik-dev'), { recursive: true });
    folder = mkdtempSync(join(root, '.minik-dev', 'bundle-test-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('has no optional module, however often it is asked for', async () => {
    for (const name of optionalModules) {
      const ask = `try { require('${name}'); told.push('found'); } catch (error) { told.push(error.code); }`;
      const { told } = await bundled(name, `const told = []; ${ask} ${ask} exports.told = told;`);
      assert.deepEqual(told, ['MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'], name);
    }
  });

  it('takes every module that a package of it guards against being missing for one', () => {
    const guarded = /\btry\s*\{[^}]*?\brequire\('([^'./:][^':]*)'\)/g;
    for (const file of ['ws/lib/buffer-util.js', 'ws/lib/validation.js']) {
      const text = readFileSync(join(root, 'node_modules', file), 'utf8');
      const names = [...text.matchAll(guarded)].map(([, name]) => name);
      assert.ok(names.length > 0, file);
      for (const name of names)
        assert.ok(
          optionalModules.some((optional) => optional === name),
          `${file} asks for ${name}`,
        );
    }
  });

  it('carries WebSocket frames of every length, masked and not', async () => {
    const { bytes } = await bundled(
      'frames',
      `const { Receiver, Sender } = require('ws');
       const { PassThrough } = require('node:stream');
       exports.bytes = (length, mask) => new Promise((resolve, reject) => {
         const wire = new PassThrough();
         const receiver = new Receiver({ isServer: mask });
         receiver.on('message', (data) => resolve(data.length));
         receiver.on('error', reject);
         wire.pipe(receiver);
         new Sender(wire).send(Buffer.alloc(length), { binary: true, mask, fin: true, compress: false });
       });`,
    );
    // The executable's own function.
    const carried = bytes as (length: number, mask: boolean) => Promise<number>;
    for (const mask of [true, false])
      for (const length of [0, 1, 31, 32, 47, 48, 200, 70_000]) assert.equal(await carried(length, mask), length);
  });

  it("starts a cluster without loading Node's HTTP client, which would slow down every start", async () => {
    const output = join(folder, 'cluster.cjs');
    await bundle({ entry: 'src/cluster.ts', output });
    const script = `require(${JSON.stringify(output)}); process.stdout.write(process.moduleLoadList.filter((name) => /undici/.test(name)).join())`;
    assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }), '');
  });

  it('refuses what it has no code for, instead of answering nothing', async () => {
    const { ask } = await bundled(
      'modem',
      `const Modem = require('docker-modem');
       exports.ask = () => new Modem({ protocol: 'ssh', host: 'nowhere' }).dial({ path: '/', method: 'GET' }, () => undefined);`,
    );
    assert.throws(() => (ask as () => void)(), /left out of the executable/);
  });
});
