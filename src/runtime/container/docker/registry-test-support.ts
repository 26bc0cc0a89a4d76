import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { tarArchive } from './tar.ts';

export interface TestRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** `sha256:…` of the manifest of `app:1`. */
  readonly digest: string;
  /** Digest of the image's config, which is its id. */
  readonly imageId: string;
  close(): Promise<void>;
}

const digestOf = (content: Uint8Array): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** A registry that has `app:1` and fails on `broken:1`. A private one requires user `minik`, password `secret`. */
export async function startTestRegistry(isPrivate: boolean): Promise<TestRegistry> {
  const layer = tarArchive([{ path: 'hello', content: Buffer.from(`minik ${process.pid}\n`), mode: 0o644 }]);
  const blob = gzipSync(layer);
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const settings = { User: '1000', Volumes: { '/data': {} }, StopSignal: 'SIGQUIT', Cmd: ['/hello'] };
  const config = Buffer.from(
    JSON.stringify({ architecture, os: 'linux', config: settings, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] }, history: [] }),
  );
  const type = 'application/vnd.docker.distribution.manifest.v2+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: type,
      config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.length, digest: digestOf(config) },
      layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: blob.length, digest: digestOf(blob) }],
    }),
  );
  const answers = new Map<string, [string, Buffer]>([
    ['manifests/1', [type, manifest]],
    [`manifests/${digestOf(manifest)}`, [type, manifest]],
    [`blobs/${digestOf(config)}`, ['application/octet-stream', config]],
    [`blobs/${digestOf(blob)}`, ['application/octet-stream', blob]],
  ]);
  const fail = (response: ServerResponse, status: number, code: string): void => {
    response.writeHead(status, { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="test"' });
    response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] }));
  };
  const expected = `Basic ${Buffer.from('minik:secret').toString('base64')}`;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const allowed = !isPrivate || request.headers.authorization === expected;
    if (path === '/v2/' && allowed) return void response.end('{}');
    if (path.startsWith('/v2/broken/')) return fail(response, 503, 'UNAVAILABLE');
    if (!allowed) return fail(response, 401, 'UNAUTHORIZED');
    const answer = answers.get(path.split('/').slice(-2).join('/'));
    if (answer === undefined) return fail(response, 404, 'MANIFEST_UNKNOWN');
    const [contentType, content] = answer;
    response.writeHead(200, { 'content-type': contentType, 'content-length': content.length, 'docker-content-digest': digestOf(content) });
    response.end(request.method === 'HEAD' ? undefined : content);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`, // a TCP server's address is no string
    digest: digestOf(manifest),
    imageId: digestOf(config),
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
