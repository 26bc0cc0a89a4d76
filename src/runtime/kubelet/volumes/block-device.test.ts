import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CommandResult, growDevice, mountDevice, runCommand } from './block-device.ts';

const said = (stdout: string, code = 0): CommandResult => ({ code, stdout, output: stdout });

/** A host whose commands end as told, else well; `ran` says which were run. */
function aHost(ends: Readonly<Record<string, CommandResult>>) {
  const ran: string[] = [];
  const run = async (program: string, args: readonly string[]): Promise<CommandResult> => {
    ran.push([program, ...args].join(' '));
    return ends[program] ?? said('');
  };
  return { ran, run };
}

const blank = said('', 2);
const mount = { device: '/dev/a', fsType: undefined, options: [] };
const failed = (why: string, fsType = 'ext4') => ({
  message: `local: failed to mount device /dev/a at /m (fstype: ${fsType}), error ${why}`,
});

describe('a block device', () => {
  it('gets a file system when it is blank', async () => {
    const { ran, run } = aHost({ blkid: blank });
    await mountDevice('/m', mount, run);
    assert.deepEqual(ran.slice(1), ['mkfs.ext4 -F -m0 /dev/a', 'mount -t ext4 -o defaults /dev/a /m']);
    const other = aHost({ blkid: blank });
    await mountDevice('/m', { ...mount, fsType: 'xfs', options: ['noatime'] }, other.run);
    assert.deepEqual(other.ran.slice(1), ['mkfs.xfs -f /dev/a', 'mount -t xfs -o noatime,defaults /dev/a /m']);
  });

  it('keeps what it holds, after a check', async () => {
    for (const held of ['TYPE=ext4\n', 'TYPE=btrfs\n', 'PTTYPE=dos\n']) {
      const { ran, run } = aHost({ blkid: said(held) });
      await mountDevice('/m', mount, run);
      assert.deepEqual(ran.slice(1), ['fsck -a /dev/a', 'mount -t ext4 -o defaults /dev/a /m']);
    }
  });

  it('is mounted without a check where the host has no fsck', async () => {
    const { ran, run } = aHost({ blkid: said('TYPE=ext4\n') });
    await mountDevice('/m', mount, (program, args) => (program === 'fsck' ? Promise.reject(new Error('ENOENT')) : run(program, args)));
    assert.equal(ran.at(-1), 'mount -t ext4 -o defaults /dev/a /m');
  });

  it('is left alone when that is not safe', async () => {
    const damaged = aHost({ blkid: said('TYPE=ext4\n'), fsck: said('bad', 4) });
    await assert.rejects(
      mountDevice('/m', mount, damaged.run),
      failed("'fsck' found errors on device /dev/a but could not correct them: bad"),
    );
    const readOnly = aHost({ blkid: blank });
    await assert.rejects(
      mountDevice('/m', { ...mount, options: ['ro'] }, readOnly.run),
      failed('cannot mount unformatted disk /dev/a as we are manipulating it in read-only mode'),
    );
    const unknown = aHost({ blkid: said('no such device', 1) });
    await assert.rejects(mountDevice('/m', mount, unknown.run), failed('failed to get disk format of disk /dev/a: no such device'));
    for (const { ran } of [damaged, readOnly, unknown]) assert.ok(!ran.some((line) => /^(mount|mkfs)/.test(line)));
  });

  it('says why it cannot be mounted', async () => {
    const unmade = aHost({ blkid: blank, 'mkfs.ext4': said('too small', 1) });
    await assert.rejects(mountDevice('/m', mount, unmade.run), failed('format of disk "/dev/a" failed: type:("ext4") output:(too small)'));
    const unmounted = aHost({ mount: said('wrong fs type', 32) });
    await assert.rejects(
      mountDevice('/m', { ...mount, fsType: 'zfs' }, unmounted.run),
      failed('mount failed: exit status 32: wrong fs type', 'zfs'),
    );
  });
});

describe('the file system of a device', () => {
  it('grows with the tools of its kind', async () => {
    const grown = async (format: string): Promise<string | undefined> => {
      const { ran, run } = aHost({ blkid: said(`TYPE=${format}\n`) });
      await growDevice('/m', '/dev/a', run);
      return ran.at(-1);
    };
    assert.equal(await grown('ext4'), 'resize2fs /dev/a');
    assert.equal(await grown('xfs'), 'xfs_growfs -d /m');
    assert.equal(await grown('btrfs'), 'btrfs filesystem resize max /m');
    await assert.rejects(grown('vfat'), {
      message: 'ResizeFS.Resize - resize of format vfat is not supported for device /dev/a mounted at /m',
    });
  });

  it('says why it cannot grow', async () => {
    const { run } = aHost({ blkid: said('TYPE=ext4\n'), resize2fs: said('busy', 1) });
    await assert.rejects(growDevice('/m', '/dev/a', run), {
      message: 'resize of device /dev/a failed: exit status 1. resize2fs output: busy',
    });
  });
});

describe('a command of the host', () => {
  it('tells how it ended, and rejects when there is none', async () => {
    assert.deepEqual(await runCommand('sh', ['-c', 'echo a; echo b >&2; exit 3']), { code: 3, stdout: 'a\n', output: 'a\nb' });
    await assert.rejects(runCommand('no-such-command', []), { code: 'ENOENT' });
  });
});
