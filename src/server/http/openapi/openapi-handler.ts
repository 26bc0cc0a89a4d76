/** `/openapi/v2` and `/openapi/v3`. Source: kube-openapi pkg/handler, pkg/handler3. */

import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../api/json.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { systemClock } from '../../../client/clock.ts';
import { remoteDocument, withRemote } from '../aggregation/remote-openapi.ts';
import { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { baseHeaders, type CompressedBody, compressed, respondCompressed } from '../respond.ts';
import type { ServerContext } from '../server-context.ts';

/** Documents are kept compressed, because they are large and rarely requested. */
interface Document extends CompressedBody {
  /** Hash of the uncompressed text. */
  readonly hash: string;
}

const v2ProtobufTypes: readonly string[] = [
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
];

const documentOf = async (bytes: Buffer): Promise<Document> => ({
  ...(await compressed(bytes)),
  hash: createHash('sha512').update(bytes).digest('hex').toUpperCase(),
});

/** Makes documents on first use, and again after the served Kinds have changed. */
export class OpenApiDocuments {
  readonly #server: ServerContext;
  #groups: unknown;
  readonly #documents = new Map<string, Promise<Document | undefined>>();

  constructor(server: ServerContext) {
    this.#server = server;
  }

  /** Paths of v3 documents: `api`, `apis`, `version`, `api/v1`, `apis/apps/v1` …, sorted. */
  paths(): readonly string[] {
    const { discovery, openApi, virtualResources } = this.#server;
    const versions = discovery
      .paths()
      .map((path) => path.slice(1))
      .filter((path) => path === 'api/v1' || path.split('/').length === 3);
    return [...new Set([...openApi.v3Paths(virtualResources), ...versions])].toSorted();
  }

  get(key: string): Promise<Document | undefined> {
    const { groups } = this.#server.discovery;
    if (groups !== this.#groups) {
      this.#groups = groups;
      this.#documents.clear();
    }
    let document = this.#documents.get(key);
    if (document === undefined) {
      document = this.#make(key);
      this.#documents.set(key, document);
      document.catch(() => this.#documents.delete(key));
    }
    return document;
  }

  async #make(key: string): Promise<Document | undefined> {
    const { openApi, virtualResources: computed } = this.#server;
    if (key === 'v2') return documentOf(Buffer.from(JSON.stringify(await withRemote(await openApi.v2(computed), this.#server))));
    if (key === 'v2.pb') return openApi.v2Protobuf === undefined ? undefined : documentOf(Buffer.from(await openApi.v2Protobuf(computed)));
    const object = (await remoteDocument(key, this.#server)) ?? (await openApi.v3(key, computed));
    return object === undefined ? undefined : documentOf(Buffer.from(JSON.stringify(object)));
  }
}

const matches = (header: string, hash: string): boolean =>
  header !== '' && header.split(',').some((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', '') === hash || tag.trim() === '*');

function send(exchange: Exchange, document: Document, contentType: string, immutable: boolean): Answer | Promise<Answer> {
  const headers = {
    ...baseHeaders(exchange, contentType),
    Etag: `"${document.hash}"`,
    Vary: 'Accept',
    ...(immutable
      ? { 'Cache-Control': 'public, immutable', Expires: new Date(systemClock.now() + 365 * 24 * 3600 * 1000).toUTCString() }
      : {}),
  };
  if (matches(exchange.header('if-none-match'), document.hash)) return new Answer(304, headers);
  return respondCompressed(exchange, 200, document, headers);
}

/** The media types of an Accept header, in order of preference. */
const accepted = (header: string): readonly string[] => header.split(',').map((part) => part.split(';', 1)[0]?.trim() ?? '');

async function serveV2(exchange: Exchange, documents: OpenApiDocuments): Promise<Answer> {
  const wanted = exchange.accept === '' ? ['*/*'] : accepted(exchange.accept);
  for (const type of wanted) {
    if (v2ProtobufTypes.includes(type)) {
      const document = await documents.get('v2.pb');
      if (document !== undefined) return send(exchange, document, 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf', false);
    } else if (type === 'application/json' || type === '*/*' || type === 'application/*') {
      const document = await documents.get('v2');
      if (document !== undefined) return send(exchange, document, 'application/json', false);
    }
  }
  throw statusErrors.notAcceptable('only the following media types are accepted: application/json');
}

async function index(exchange: Exchange, documents: OpenApiDocuments): Promise<Answer> {
  const paths: Record<string, JsonObject> = {};
  for (const path of documents.paths()) {
    const document = await documents.get(path);
    if (document !== undefined) paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${document.hash}` };
  }
  // Upstream lets Go guess the content type, and Go takes JSON for plain text.
  return send(exchange, await documentOf(Buffer.from(JSON.stringify({ paths }))), 'text/plain; charset=utf-8', false);
}

/** The headers of an answer without a body, which has no content type. */
function unnamed(exchange: Exchange): Record<string, string> {
  const { 'Content-Type': _type, ...headers } = baseHeaders(exchange, 'text/plain');
  return headers;
}

/** Returns the answer, or undefined when there is no such document. */
export async function handleOpenApi(exchange: Exchange, documents: OpenApiDocuments): Promise<Answer | undefined> {
  const path = exchange.path.replace(/\/$/, '');
  if (path === '/openapi/v2') return serveV2(exchange, documents);
  if (path === '/openapi/v3') return index(exchange, documents);
  if (!path.startsWith('/openapi/v3/')) return undefined;
  const document = await documents.get(decodeURIComponent(path.slice('/openapi/v3/'.length)));
  if (document === undefined) return new Answer(404, unnamed(exchange));
  const hash = exchange.param('hash');
  if (hash !== undefined && hash !== document.hash) {
    const location = `${exchange.path}?hash=${document.hash}`;
    return new Answer(301, { ...baseHeaders(exchange, 'text/plain'), Location: location });
  }
  return send(exchange, document, 'application/json', hash !== undefined);
}
