import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { archivePrefix, isWithin, parseFileSpec } from './file-spec.ts';
import { packTar } from './pack.ts';
import { paxRecords, readTar } from './tar-reader.ts';
import { paddingOf, type TarEntry, tarEnd, tarHeader } from './tar-writer.ts';
import { unpackTar } from './unpack.ts';

const longName = `${'d'.repeat(90)}/${'f'.repeat(98)}`;
const file = { name: 'a', type: 'file', size: 0, mode: 0o644, uid: 0, gid: 0, mtime: 1, linkName: '' } as const;

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'minik-cp-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function whole(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** One file as an archive. */
const archive = (entry: Partial<Omit<TarEntry, 'type'>>, content = ''): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([tarHeader({ ...file, size: bytes.length, ...entry }), bytes, Buffer.alloc(paddingOf(bytes.length)), tarEnd()]);
};

async function members(bytes: Buffer, pieceBytes = 700): Promise<readonly (readonly [name: string, content: string])[]> {
  const found: (readonly [string, string])[] = [];
  for await (const member of readTar(inPieces(bytes, pieceBytes)))
    found.push([member.name, (await whole(member.content)).toString('utf8')]);
  return found;
}

function sourceFolder(t: TestContext): string {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'src', 'empty'), { recursive: true });
  mkdirSync(join(folder, 'src', 'd'.repeat(90)));
  writeFileSync(join(folder, 'src', 'a.txt'), 'hello');
  writeFileSync(join(folder, 'src', 'big'), Buffer.alloc(600_000, 7));
  writeFileSync(join(folder, 'src', longName), 'deep');
  symlinkSync('a.txt', join(folder, 'src', 'link'));
  return folder;
}

describe('tar archives', () => {
  it('are understood by tar, long names and links included', async (t) => {
    const folder = sourceFolder(t);
    const input = await whole(packTar(join(folder, 'src'), 'dst'));
    const result = spawnSync('tar', ['-xmf', '-', '-C', folder], { input });
    assert.equal(result.status, 0, String(result.stderr));
    assert.deepEqual(readdirSync(join(folder, 'dst')), ['a.txt', 'big', 'd'.repeat(90), 'empty', 'link']);
    assert.equal(readFileSync(join(folder, 'dst', 'link'), 'utf8'), 'hello');
    assert.equal(readFileSync(join(folder, 'dst', longName), 'utf8'), 'deep');
    assert.ok(readFileSync(join(folder, 'dst', 'big')).equals(Buffer.alloc(600_000, 7)));
  });

  for (const format of ['gnu', 'pax', 'ustar', 'v7']) {
    it(`of tar are read: ${format}`, async (t) => {
      const folder = sourceFolder(t);
      const names = format === 'v7' ? ['src/a.txt'] : ['src/a.txt', `src/${longName}`];
      const { stdout, status } = spawnSync('tar', ['-c', `--format=${format}`, '-f', '-', '-C', folder, ...names]);
      assert.equal(status, 0);
      assert.deepEqual(
        await members(stdout),
        [
          ['src/a.txt', 'hello'],
          [`src/${longName}`, 'deep'],
        ].slice(0, names.length),
      );
    });
  }

  it('skip what is not read of a member', async () => {
    const bytes = Buffer.concat([archive({ name: 'one' }, 'x'.repeat(2000)).subarray(0, 512 + 2048), archive({ name: 'two' }, 'y')]);
    const names: string[] = [];
    for await (const member of readTar(inPieces(bytes, 100))) names.push(member.name);
    assert.deepEqual(names, ['one', 'two']);
  });

  it('are refused when cut off or damaged', async () => {
    const bytes = archive({}, 'x'.repeat(1000));
    await assert.rejects(members(bytes.subarray(0, 800)), { message: 'unexpected EOF' });
    await assert.rejects(members(bytes.subarray(0, 100)), { message: 'unexpected EOF' });
    const damaged = Buffer.from(bytes);
    damaged[0] = 0x42;
    await assert.rejects(members(damaged), { message: 'archive/tar: invalid tar header' });
    for (const text of ['5 a=b\n', '99 a=b\n', 'x a=b\n', '7 noeq\n', '0 a=b\n'])
      assert.throws(() => paxRecords(Buffer.from(text)), { message: 'archive/tar: invalid tar header' });
    assert.deepEqual(
      [...paxRecords(Buffer.from('6 a=b\n7 c=ü\n'))],
      [
        ['a', 'b'],
        ['c', 'ü'],
      ],
    );
  });

  it('hold numbers beyond octal', async () => {
    const [header] = [tarHeader({ ...file, size: 2 ** 40, uid: 3_000_000 })];
    for await (const member of readTar(inPieces(header, 512))) {
      assert.equal(member.size, 2 ** 40);
      assert.equal(member.uid, 3_000_000);
      break;
    }
  });
});

describe('unpacking', () => {
  const unpack = async (bytes: Buffer, destination: string, prefix = 'p'): Promise<string> => {
    let said = '';
    const warn = (text: string): void => {
      said += text;
    };
    await unpackTar(inPieces(bytes, 512), { prefix, destination, advice: 'ADVICE', warn });
    return said;
  };

  it('puts the copied file itself at the destination, and what is below it below', async (t) => {
    const destination = join(temporaryFolder(t), 'out');
    assert.equal(await unpack(archive({ name: 'p' }, 'one'), destination), '');
    assert.equal(readFileSync(destination, 'utf8'), 'one');
    await assert.rejects(unpack(archive({ name: 'p/below' }), destination), { message: /: (not a directory|file exists)$/ });
  });

  it('writes nothing outside the destination', async (t) => {
    const folder = temporaryFolder(t);
    const said = await unpack(archive({ name: 'p/../../evil' }, 'x'), join(folder, 'out'));
    assert.match(said, /^warning: file ".*\/evil" is outside target destination, skipping\n$/);
    assert.deepEqual(readdirSync(folder), []);
    await assert.rejects(unpack(archive({ name: 'q' }), folder), { message: 'tar contents corrupted' });
  });

  it('warns of symbolic links instead of making them', async (t) => {
    const folder = temporaryFolder(t);
    const link = (name: string): Buffer => tarHeader({ ...file, type: 'symlink', name, linkName: '/etc/passwd' });
    const said = await unpack(Buffer.concat([link('p/a'), link('p/b'), tarEnd()]), folder);
    assert.equal(
      said,
      `warning: skipping symlink: "${folder}/a" -> "/etc/passwd" (consider using "ADVICE")\nwarning: skipping symlink: "${folder}/b" -> "/etc/passwd"\n`,
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it('gives the second name of a file the content of the first', async (t) => {
    const folder = temporaryFolder(t);
    const link = (linkName: string): Buffer => Buffer.concat([tarHeader({ ...file, type: 'link', name: 'p/b', linkName }), tarEnd()]);
    await unpack(Buffer.concat([archive({ name: 'p/a' }, 'same').subarray(0, 1024), link('p/a')]), folder);
    assert.equal(readFileSync(join(folder, 'b'), 'utf8'), 'same');
    await unpack(Buffer.concat([archive({ name: 'p/a' }, 'same').subarray(0, 1024), link('/p/a')]), folder);
    assert.equal(readFileSync(join(folder, 'b'), 'utf8'), 'same', "BusyBox's way to name the first");
  });

  it('writes an empty file for a hard link whose first name was not copied, as the real kubectl', async (t) => {
    for (const linkName of ['q/elsewhere', 'p/absent', 'p/b', 'p/link', 'p/../../etc/passwd']) {
      const folder = temporaryFolder(t);
      symlinkSync('/etc/passwd', join(folder, 'link'));
      await unpack(Buffer.concat([tarHeader({ ...file, type: 'link', name: 'p/b', linkName }), tarEnd()]), folder);
      assert.equal(readFileSync(join(folder, 'b'), 'utf8'), '', linkName);
    }
  });
});

describe('file specs', () => {
  it('name a pod before the colon, and a namespace before the pod', () => {
    assert.deepEqual(parseFileSpec('n/p:/tmp/x/'), { namespace: 'n', pod: 'p', file: '/tmp/x' });
    assert.deepEqual(parseFileSpec('p:a\\b'), { namespace: '', pod: 'p', file: 'a/b' });
    assert.deepEqual(parseFileSpec('./x'), { namespace: '', pod: '', file: './x' });
    for (const text of [':x', 'a/b/c:x'])
      assert.throws(() => parseFileSpec(text), { message: 'filespec must match the canonical format: [[namespace/]pod:]file/path' });
  });

  it('know the prefix of their archives and what is within', () => {
    assert.equal(archivePrefix('/tmp/foo/../bar'), 'tmp/bar');
    assert.equal(archivePrefix('../../x'), 'x');
    assert.equal(archivePrefix('.'), '');
    assert.equal(isWithin('/a', '/a'), true);
    assert.equal(isWithin('/a', '/a/b'), true);
    assert.equal(isWithin('/a', '/ab'), false);
    assert.equal(isWithin('/a', '/'), false);
  });
});
