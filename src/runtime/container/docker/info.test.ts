import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gpuIds, runtimeHandlers } from './info.ts';

describe('the runtimes of a daemon', () => {
  it('are the default one and all by name; the same program can do the same, of others nothing is promised', () => {
    const Runtimes = { runsc: { path: '/usr/bin/runsc' }, runc: { path: 'runc' }, 'io.containerd.runc.v2': { path: 'runc' } };
    const shown = (can: boolean) =>
      runtimeHandlers({ DefaultRuntime: 'runc', Runtimes }, can).map(({ name, recursiveReadOnly }) => [name, recursiveReadOnly]);
    assert.deepEqual(shown(true), [
      ['', true],
      ['io.containerd.runc.v2', true],
      ['runc', true],
      ['runsc', false],
    ]);
    assert.ok(shown(false).every(([, recursiveReadOnly]) => recursiveReadOnly === false));
    assert.deepEqual(runtimeHandlers({}, true), [{ name: '', recursiveReadOnly: true }]);
  });
});

describe('the GPUs of a daemon', () => {
  it("are those of the host's driver, where NVIDIA's runtime is set up", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'minik-gpus-'));
    t.after(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, '0000:01:00.0'));
    await writeFile(
      join(folder, '0000:01:00.0', 'information'),
      'Model: \t\t RTX\nIRQ:   \t\t 33\nGPU UUID: \t GPU-6a2b\nVideo BIOS: \t 1\n',
    );
    assert.deepEqual(await gpuIds({ Runtimes: { runc: {}, nvidia: {} } }, folder), ['GPU-6a2b']);
    assert.deepEqual(await gpuIds({ Runtimes: { runc: {} } }, folder), []);
    assert.deepEqual(await gpuIds({ Runtimes: { nvidia: {} } }, join(folder, 'absent')), []);
  });

  it('are those that the daemon lists, each once', async () => {
    const DiscoveredDevices = ['nvidia.com/gpu=0', 'nvidia.com/gpu=GPU-1', 'nvidia.com/gpu=all', 'vendor.com/net=x'].map((ID) => ({ ID }));
    assert.deepEqual(await gpuIds({ DiscoveredDevices }), ['GPU-1']);
    assert.deepEqual(await gpuIds({ DiscoveredDevices: [{ ID: 'nvidia.com/gpu=0' }, { ID: 'nvidia.com/gpu=all' }] }), ['0']);
  });
});
