import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { HostPathVolumeSource } from '../../../api/generated/core/v1.ts';
import { hostPathVolume } from './host-path.ts';

/** What the set-up of a volume of this type says; '' when it succeeds. It reads neither the pod nor the host. */
const said = (path: string, type: string): Promise<string> =>
  hostPathVolume.setUp({ path, type: type as NonNullable<HostPathVolumeSource['type']> }, path, {} as never, {} as never).then(
    () => '',
    (error: Error) => error.message,
  );

describe('a host path', () => {
  it('must be of its type, links followed, and is taken as it is where there is none', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'minik-host-path-'));
    const at = (name: string): string => join(folder, name);
    await writeFile(at('file'), '');
    await symlink(at('file'), at('link'));
    const server = net.createServer().listen(at('socket'));
    t.after(async () => {
      server.close();
      await rm(folder, { recursive: true });
    });
    await once(server, 'listening');
    const kinds: Readonly<Record<string, readonly [string, string]>> = {
      Directory: [folder, 'a directory'],
      File: [at('link'), 'a file'],
      Socket: [at('socket'), 'a socket file'],
      CharDevice: ['/dev/null', 'a character device'],
    };
    for (const [type, [path]] of Object.entries(kinds)) {
      assert.equal(await said(path, type), '', type);
      for (const [other, [, what]] of Object.entries(kinds)) {
        if (other !== type) assert.equal(await said(path, other), `hostPath type check failed: ${path} is not ${what}`);
      }
      assert.equal(await said(path, 'BlockDevice'), `hostPath type check failed: ${path} is not a block device`);
      assert.equal(await said(path, ''), '');
    }
    for (const type of [...Object.keys(kinds), 'BlockDevice'])
      assert.match(await said(at('none'), type), /type check failed: .*none is not a/);
    assert.equal(await said(at('none'), ''), '');
    assert.equal(await said(at('file'), 'DirectoryOrCreate'), `hostPath type check failed: ${at('file')} is not a directory`);
    assert.equal(await said(folder, 'FileOrCreate'), `hostPath type check failed: ${folder} is not a file`);
  });
});
