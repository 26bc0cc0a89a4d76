import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { silentLogger } from '../client/logger.ts';
import { type Container, type ContainerRuntime, RuntimeError } from '../runtime/container/container-runtime.ts';
import { keepAllLogs, keepingLogs } from './kept-logs.ts';

/** A runtime of which only containers and logs are asked: the logs by the containers' ids. */
function runtimeWith(logs: Readonly<Record<string, string | Error>>): { readonly runtime: ContainerRuntime; readonly removed: string[] } {
  const removed: string[] = [];
  const pod = { namespace: 'shop', name: 'web', uid: 'u', node: 'n' };
  // The fields that are read.
  const container = (id: string): Container =>
    ({ id, pod, name: 'c', attempt: Number(id), startedAtMs: id === '9' ? 0 : 1 }) as unknown as Container;
  const runtime = {
    containers: {
      inspect: async (id: string) => (id in logs ? container(id) : undefined),
      list: async () => Object.keys(logs).map(container),
      remove: async (id: string) => void removed.push(id),
    },
    streams: {
      logs: async (id: string, _options: object, sink: NodeJS.WritableStream) => {
        const text = logs[id];
        if (text instanceof Error) throw text;
        sink.write(text ?? '');
      },
    },
  };
  return { runtime: runtime as unknown as ContainerRuntime, removed };
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'minik-kept-logs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const path = (folder: string, attempt: number): string => join(folder, 'shop_web_u', 'c', `${attempt}.log`);

describe('kept logs', () => {
  it('are written before a container is removed, where a kubelet would have them', async (t) => {
    const folder = folderOf(t);
    const { runtime, removed } = runtimeWith({ 0: 'first\n', 1: 'second\n' });
    const keeping = keepingLogs(runtime, folder, silentLogger);
    await keeping.containers.remove('0');
    assert.deepEqual([readFileSync(path(folder, 0), 'utf8'), existsSync(path(folder, 1)), removed], ['first\n', false, ['0']]);
  });

  it('never keep a container from being removed', async (t) => {
    const folder = folderOf(t);
    const { runtime, removed } = runtimeWith({ 0: new RuntimeError('Other', 'the log is damaged') });
    writeFileSync(join(folder, 'shop_web_u'), 'in the way');
    const keeping = keepingLogs(runtime, folder, silentLogger);
    await keeping.containers.remove('0');
    await keeping.containers.remove('gone');
    assert.deepEqual(removed, ['0', 'gone']);
  });

  it('are written of all containers at the end, but of those that never started', async (t) => {
    const folder = folderOf(t);
    await keepAllLogs(runtimeWith({ 0: 'a\n', 9: '' }).runtime, folder);
    assert.deepEqual([readFileSync(path(folder, 0), 'utf8'), existsSync(path(folder, 9))], ['a\n', false]);
    const { runtime } = runtimeWith({ 0: new RuntimeError('Other', 'damaged'), 1: 'b\n' });
    await assert.rejects(keepAllLogs(runtime, folder), /damaged/);
    assert.equal(readFileSync(path(folder, 1), 'utf8'), 'b\n');
  });
});
