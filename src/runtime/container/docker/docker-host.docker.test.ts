import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { RuntimeError } from '../container-runtime.ts';
import { DockerHost } from './docker-host.ts';
import { busyboxImage, docker } from './docker-test-support.ts';

const range = '10.251.240.0/20';
const host = new DockerHost({ clusterId: 'docker-host-test' });
const routes = (): string => execFileSync('ip', ['route', 'show', 'table', 'local'], { encoding: 'utf8' });

after(() => host.close());

describe('DockerHost', () => {
  it('makes a range local to the host and takes it back, any number of times', async () => {
    try {
      await host.changeRoute('add', range);
      await host.changeRoute('add', range);
      assert.ok(routes().includes(`local ${range} dev lo`));
    } finally {
      await host.changeRoute('del', range);
    }
    await host.changeRoute('del', range);
    assert.ok(!routes().includes(range));
  });

  it('says that a range is refused', async () => {
    await assert.rejects(host.changeRoute('add', '10.251.240.1/33'), RuntimeError);
  });

  it('empties a folder, links unfollowed', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'docker-host-'));
    const beside = mkdtempSync(join(tmpdir(), 'docker-host-beside-'));
    t.after(() => {
      rmSync(folder, { recursive: true, force: true });
      rmSync(beside, { recursive: true, force: true });
    });
    writeFileSync(join(beside, 'kept'), '');
    mkdirSync(join(folder, 'a/b/c'), { recursive: true });
    for (let i = 0; i < 200; i++) writeFileSync(join(folder, 'a/b', `a-file-with-a-rather-long-name-${i}`), '');
    symlinkSync(beside, join(folder, 'a/link'));
    await host.emptyFolder(folder);
    assert.deepEqual(readdirSync(folder), []);
    assert.deepEqual(readdirSync(beside), ['kept']);
  });

  it('mounts memory where containers find it, with its options, and takes it back, also when there is none', async (t) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'docker-host-')));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const seen = (): readonly string[] =>
      docker(
        'run',
        '--rm',
        '--network=none',
        '-v',
        `${folder}:/v`,
        busyboxImage,
        'sh',
        '-c',
        'grep " /v " /proc/mounts; stat -c "%a %g" /v',
      ).split('\n');
    await host.mountMemory(folder, 'size=65536,mode=3777,gid=2345');
    try {
      const [mount = '', mode] = seen();
      assert.match(mount, /^tmpfs \/v tmpfs rw,.*size=64k/);
      assert.equal(mode, '3777 2345');
      await assert.rejects(host.mountMemory(join(folder, 'absent'), ''), { message: /ended with 2$/ });
    } finally {
      await host.unmount(folder);
    }
    assert.doesNotMatch(seen()[0] ?? '', /size=64k/); // what is below may be memory, too
    await host.unmount(folder);
    await host.unmount(join(folder, 'absent'));
  });
});
