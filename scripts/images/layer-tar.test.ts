import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LayerTar, readTar } from './layer-tar.ts';

const pack = (fill: (tar: LayerTar) => void) => {
  const tar = new LayerTar();
  fill(tar);
  return Buffer.concat([...tar.blocks()]);
};
const list = (archive: Buffer) => [...readTar(archive)].map(({ path, type, link, body }) => ({ path, type, link, text: body.toString() }));

describe('LayerTar', () => {
  it('reads back what it wrote, names and targets beyond 100 bytes included', () => {
    const long = `opt/${'x'.repeat(60)}/${'y'.repeat(60)}`;
    const archive = pack((tar) => {
      tar.addDirectory('opt');
      tar.addFile(long, 'hello');
      tar.addLink('opt/link', `/${long}`);
    });
    assert.equal(archive.length % 512, 0);
    assert.deepEqual(list(archive), [
      { path: 'opt', type: 'directory', link: '', text: '' },
      { path: long, type: 'file', link: '', text: 'hello' },
      { path: 'opt/link', type: 'symlink', link: `/${long}`, text: '' },
    ]);
  });

  it('moves a package into the merged /usr, drops its documentation and repeats no directory', () => {
    const deb = pack((tar) => {
      tar.addDirectory('bin');
      tar.addFile('bin/sh', '#');
      tar.addFile('usr/share/doc/sh/copyright', 'text');
      tar.addLink('lib64', 'usr/lib64');
    });
    const layer = pack((tar) => {
      tar.addMergedLinks();
      tar.addArchive(deb);
    });
    const paths = list(layer).map((entry) => entry.path);
    assert.deepEqual(paths, ['usr/bin', 'bin', 'usr/sbin', 'sbin', 'usr/lib', 'lib', 'usr/lib64', 'lib64', 'usr/bin/sh']);
  });
});
