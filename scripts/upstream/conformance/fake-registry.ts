/**
 * The registry that upstream's agnhost serves to specs of pulls: the files of one image. Source:
 * test/images/agnhost/fakeregistryserver.
 */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { LayerTar } from '../../images/layer-tar.ts';

const docker = 'application/vnd.docker';
const digestOf = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** Adds `pause:testing` to an image that is to serve it. `program` is its only file. */
export function addFakeRegistry(root: LayerTar, program: Buffer): void {
  const folder = 'var/registry/pause';
  const keep = (kind: 'blobs' | 'manifests', content: Buffer) => {
    const digest = digestOf(content);
    const hash = digest.slice('sha256:'.length);
    root.addFile(`${folder}/${kind}/sha256/${hash.slice(0, 2)}/${hash}/data`, content);
    return { digest, size: content.length };
  };
  const layer = new LayerTar();
  layer.addFile('pause', program, 0o755);
  const archive = Buffer.concat(layer.blocks());
  const platform = { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' };
  const config = {
    ...platform,
    config: { User: '65535:65535', Entrypoint: ['/pause'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(archive)] },
    history: [{ created: '2026-01-01T00:00:00Z', created_by: 'scripts/upstream/conformance' }],
  };
  const mediaType = `${docker}.distribution.manifest.v2+json`;
  const manifest = {
    ...{ schemaVersion: 2, mediaType },
    config: { mediaType: `${docker}.container.image.v1+json`, ...keep('blobs', Buffer.from(JSON.stringify(config))) },
    layers: [{ mediaType: `${docker}.image.rootfs.diff.tar.gzip`, ...keep('blobs', gzipSync(archive)) }],
  };
  const own = { mediaType, platform, ...keep('manifests', Buffer.from(JSON.stringify(manifest))) };
  const list = { schemaVersion: 2, mediaType: `${docker}.distribution.manifest.list.v2+json`, manifests: [own] };
  root.addFile(`${folder}/manifests/testing`, keep('manifests', Buffer.from(JSON.stringify(list))).digest);
}
