/**
 * An API server for tests of kubectl's verbs: serves what it is given in the namespace `default`, answers a creation
 * with what was sent and every other write with the object as it is, and notes the writes.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  /** Whether its group's server does not answer. */
  readonly stale?: boolean;
  /** Without apiVersion and kind. */
  readonly objects: readonly { readonly metadata: { readonly name: string } }[];
}

export interface FakeApiServer {
  readonly url: string;
  /** `PATCH /apis/…`, with the body. */
  readonly writes: readonly { readonly call: string; readonly body: unknown }[];
  close(): void;
}

const apiVersion = ({ group, version }: ServedKind): string => (group === '' ? version : `${group}/${version}`);
const collection = (served: ServedKind): string =>
  `${served.group === '' ? '/api' : '/apis'}/${apiVersion(served)}/namespaces/default/${served.plural}`;

const objectsOf = (served: ServedKind) =>
  served.objects.map((object) => ({ apiVersion: apiVersion(served), kind: served.kind, ...object }));

const discovery = (served: readonly ServedKind[], core: boolean): object => ({
  kind: 'APIGroupDiscoveryList',
  items: [...new Set(served.map(({ group }) => group))]
    .filter((group) => (group === '') === core)
    .map((group) => {
      const members = served.filter((one) => one.group === group);
      const resources = members.map(({ kind, plural }) => ({
        resource: plural,
        responseKind: { kind },
        scope: 'Namespaced',
        singularResource: kind.toLowerCase(),
        verbs: ['get', 'list', 'watch', 'patch'],
      }));
      return {
        metadata: { name: group },
        versions: [{ version: members[0]?.version ?? '', resources, freshness: members[0]?.stale ? 'Stale' : 'Current' }],
      };
    }),
});

/** What is answered to a read. */
function answerTo(served: readonly ServedKind[], path: string): { readonly code: number; readonly body: object } {
  const found = (body: object) => ({ code: 200, body });
  if (path === '/api' || path === '/apis') return found(discovery(served, path === '/api'));
  const metadata = { resourceVersion: '1' };
  const one = served.find((kind) => path === collection(kind) || path.startsWith(`${collection(kind)}/`));
  if (one === undefined) return found({ kind: 'List', apiVersion: 'v1', metadata, items: [] });
  if (path === collection(one)) return found({ apiVersion: apiVersion(one), kind: `${one.kind}List`, metadata, items: objectsOf(one) });
  const of = path.replace(/\/ephemeralcontainers$/, '');
  const object = objectsOf(one).find((o) => of === `${collection(one)}/${o.metadata.name}`);
  if (object !== undefined) return found(object);
  return { code: 404, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', message: 'not found', code: 404 } };
}

function answer(served: readonly ServedKind[], url: string, response: ServerResponse): void {
  const path = url.split('?')[0] ?? '';
  if (path.endsWith('/log')) {
    response.end('a line\n');
    return;
  }
  if (url.includes('watch=true')) {
    const objects = served.filter((kind) => path === collection(kind)).flatMap(objectsOf);
    for (const object of objects) response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
    return;
  }
  const { code, body } = answerTo(served, path);
  response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // a request without an encoding gives buffers
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

export async function fakeApiServer(served: readonly ServedKind[]): Promise<FakeApiServer> {
  const writes: { readonly call: string; readonly body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    const body = method === 'GET' ? undefined : await bodyOf(request);
    if (method !== 'GET') writes.push({ call: `${method} ${url}`, body });
    if (method === 'POST') response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    else answer(served, url, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    writes,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
