/**
 * A registry on the loopback, which Docker trusts without TLS: it gives an image of the machine's daemon under every
 * name with the tag 1, to everybody or to one user, and remembers who has asked.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ok } from './shell.ts';

export interface ImageRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string;
  /** `sha256:…` of the image's manifest. */
  readonly digest: string;
  /** Who has signed in for a manifest, in order; '' for nobody. */
  readonly users: readonly string[];
  /** The names of the images that were given, in full. */
  readonly pulled: ReadonlySet<string>;
  close(): Promise<void>;
}

export interface Account {
  readonly user: string;
  readonly password: string;
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';
const digestOf = (content: Uint8Array): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** The config and the layers of an image of the machine's daemon. */
async function exported(image: string): Promise<{ readonly config: Buffer; readonly layers: readonly Buffer[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'minik-e2e-image-'));
  try {
    await ok(['sh', '-c', 'docker save "$1" | tar -x -C "$2"', 'sh', image, folder]);
    const read = (name: string): Buffer => readFileSync(join(folder, name));
    const [{ Config, Layers }] = JSON.parse(read('manifest.json').toString());
    return { config: read(Config), layers: Layers.map((name: string) => gzipSync(read(name), { level: 1 })) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `account`: who may pull; absent: everybody. */
export async function serveImage(image: string, account?: Account): Promise<ImageRegistry> {
  const { config, layers } = await exported(image);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config: { mediaType: 'application/vnd.docker.container.image.v1+json', size: config.length, digest: digestOf(config) },
      layers: layers.map((layer) => ({
        mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
        size: layer.length,
        digest: digestOf(layer),
      })),
    }),
  );
  const digest = digestOf(manifest);
  const content = new Map<string, Buffer>([
    ['manifests/1', manifest],
    [`manifests/${digest}`, manifest],
    ...[config, ...layers].map((blob) => [`blobs/${digestOf(blob)}`, blob] as const),
  ]);
  const users: string[] = [];
  const pulled = new Set<string>();
  const fail = (response: ServerResponse, status: number, code: string): unknown => {
    response.writeHead(status, { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="test"' });
    return response.end(JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] }));
  };
  const answer = (request: IncomingMessage, response: ServerResponse): unknown => {
    const path = request.url ?? '';
    const [user = '', password = ''] = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    const [, name, what = ''] = /^\/v2\/(.+)\/((?:manifests|blobs)\/[^/]+)$/.exec(path) ?? [];
    if (name !== undefined && what.startsWith('manifests/')) users.push(user);
    if (account !== undefined && (user !== account.user || password !== account.password)) return fail(response, 401, 'UNAUTHORIZED');
    if (path === '/v2/') return response.end('{}');
    const found = content.get(what);
    if (found === undefined) return fail(response, 404, 'MANIFEST_UNKNOWN');
    if (what.startsWith('manifests/')) pulled.add(`${request.headers.host}/${name}:1`);
    response.writeHead(200, {
      ...{ 'content-type': what.startsWith('manifests/') ? manifestType : 'application/octet-stream', 'content-length': found.length },
      ...{ 'docker-content-digest': digestOf(found) },
    });
    return response.end(request.method === 'HEAD' ? undefined : found);
  };
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`, // a TCP server's address is no string
    digest,
    users,
    pulled,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
