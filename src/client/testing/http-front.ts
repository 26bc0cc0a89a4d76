/** Serves an ApiVerbs over plain HTTP, with just enough for the client contract: one Kind, JSON, watch as lines. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { JsonValue } from '../../api/json.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ApiVerbs, StoredObject, Target, WatchOutputOf } from '../../api/requests.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';

const context = {
  user: { name: 'test', uid: '', groups: [], extra: {} },
  userAgent: 'test',
  warn: () => undefined,
  signal: new AbortController().signal,
};
const mutate = { dryRun: false, fieldManager: 'test', fieldValidation: 'Ignore' } as const;
const emptyList = { labelSelector: '', fieldSelector: '', limit: 0, continue: '', resourceVersion: '', resourceVersionMatch: '' } as const;

/** Starts the server; resolves with its URL and the function that closes it. */
export async function serveOverHttp(api: ApiVerbs, kind: AnyKind): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    handle(api, kind, request, response).catch((error: unknown) => {
      const status = error instanceof StatusError ? error : statusErrors.internal(error);
      response.writeHead(status.code, { 'content-type': 'application/json' }).end(JSON.stringify(status.status));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server's address is an object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function handle(api: ApiVerbs, kind: AnyKind, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://x');
  const match = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/configmaps(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname);
  if (match === null) throw statusErrors.noSuchResource();
  const [, namespace = '', name = '', subresource = ''] = match;
  const raw = await text(request);
  const json: JsonValue = raw === '' ? null : JSON.parse(raw);
  const target: Target = { kind, namespace, name, subresource };
  if (url.searchParams.has('watch')) return watch(api, target, url, response);
  const answer = await answerTo(api, target, request.method ?? '', json);
  response.writeHead(200, { 'content-type': 'application/json', warning: '299 - "be \\"careful\\""' }).end(JSON.stringify(answer));
}

async function answerTo(api: ApiVerbs, target: Target, method: string, json: JsonValue): Promise<unknown> {
  const body = { json, text: undefined };
  if (target.subresource !== '' && method === 'POST') return api.order(context, target, body, mutate);
  switch (method) {
    case 'POST': {
      // The test sends objects.
      const { name } = (json as unknown as { readonly metadata: { readonly name: string } }).metadata;
      return (await api.create(context, { ...target, name }, body, mutate)).entry.object;
    }
    case 'PUT':
      return (await api.update(context, target, body, mutate)).entry.object;
    case 'PATCH':
      return (await api.patch(context, target, { type: 'merge', body: json, force: false }, mutate)).entry.object;
    case 'DELETE':
      await (target.name === '' ? api.deleteCollection(context, target, emptyList, {}) : api.delete(context, target, {}));
      return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
    default: {
      if (target.name !== '') return (await api.get(context, target, { resourceVersion: '' })).object;
      const list = await api.list(context, target, emptyList);
      return { metadata: { resourceVersion: list.resourceVersion }, items: list.entries.map((entry) => withoutType(entry.object)) };
    }
  }
}

/** Items of lists have no apiVersion and kind on the wire. */
function withoutType({ apiVersion: _, kind: __, ...rest }: KubeObject): object {
  return rest;
}

function watch(api: ApiVerbs, target: Target, url: URL, response: ServerResponse): void {
  const request = {
    labelSelector: '',
    fieldSelector: '',
    resourceVersion: url.searchParams.get('resourceVersion') ?? '',
    resourceVersionMatch: '',
    allowBookmarks: true,
    sendInitialEvents: undefined,
  } as const;
  const line = (output: WatchOutputOf<StoredObject>): string =>
    JSON.stringify(
      output.type === 'BOOKMARK'
        ? { type: 'BOOKMARK', object: { metadata: { resourceVersion: String(output.revision) } } }
        : { type: output.type, object: output.entry.object },
    );
  const head = (): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/json' });
  };
  const session = api.watch(context, target, request, (batch) => {
    head();
    response.write(batch.map((output) => `${line(output)}\n`).join(''));
  });
  head();
  response.flushHeaders();
  response.on('close', () => session.close());
}
