/**
 * One request and what the filters have found out about it. Headers and query are parsed lazily, because most requests
 * use few of them.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { JsonValue } from '../../api/json.ts';
import type { Status } from '../../api/status-error.ts';
import type { RequestContext, UserInfo } from '../registry/registry.ts';
import type { Strike } from './faults/fault-source.ts';
import { type RequestInfo, requestInfo } from './request-info.ts';
import { Warnings } from './warnings.ts';

/** What is read of a request. */
export interface ReceivedRequest {
  readonly method: string;
  /** Absolute; only path and query matter. */
  readonly url: string;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** Absent on sockets, whose headers and bodies are read from Node's request. */
  readonly headers?: Headers;
  readonly body?: AsyncIterable<Uint8Array> | null;
}

export interface NodeBindings {
  readonly incoming: IncomingMessage | Http2ServerRequest;
  readonly outgoing: ServerResponse | Http2ServerResponse;
}

export const anonymousUser: UserInfo = Object.freeze({ name: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: {} });

/** A request's flow schema and its priority level. */
export interface FlowClass {
  readonly flowSchema: string;
  readonly priorityLevel: string;
  readonly flowSchemaUid: string;
  readonly priorityLevelUid: string;
}

const auditIdPattern = /^[\x21-\x7e]{1,64}$/;

/** What is recorded of a request: see audit/audit-record.ts. */
export interface RequestAudit {
  annotate(key: string, value: string): void;
  /** The user that the request acts as, and the verb that allowed it; '' for the old kind of impersonation. */
  impersonates(user: UserInfo, constraint: string): void;
  /** The decoded body, or the patch. */
  request(json: JsonValue): void;
  /** Whether the body of the answer is recorded. */
  readonly keepsResponse: boolean;
  response(json: JsonValue): void;
  /** The Status that is the body of an answer which is no error. */
  outcome(status: Partial<Status>): void;
  answered(code: number, status?: Partial<Status>): void;
  /** Called before the last stage of a request whose answer does not last. */
  noteLatency(): void;
  stage(stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete'): void;
}

export class Exchange implements RequestContext {
  readonly request: ReceivedRequest;
  /** Absent in tests that use no sockets. */
  readonly node: NodeBindings | undefined;
  readonly method: string;
  /** Escaped path, without the query. */
  readonly path: string;
  /** Raw query without the question mark. */
  readonly search: string;
  readonly info: RequestInfo;
  readonly auditId: string;
  #warnings: Warnings | undefined;
  /** Milliseconds of the monotonic clock at arrival. */
  readonly startMs: number;
  user: UserInfo = anonymousUser;
  /** Absent: the request is not recorded. */
  audit: RequestAudit | undefined;
  /** Its place in API Priority and Fairness, once the user is known. */
  flow: FlowClass | undefined;
  /** The faults that strike it; undefined: none does. */
  strikes: readonly Strike[] | undefined;
  /** How long the request may take in milliseconds; undefined: the server's limit. */
  timeoutMs: number | undefined;
  /** How many bytes the body of the answer has, as far as it is known when the answer begins. */
  sentBytes = 0;
  /** Set when something deprecated is asked for: the release in which it is gone, '' when none is known. */
  removedRelease: string | undefined;
  /** How long it has waited for webhooks, in milliseconds. */
  #waitedMs = 0;
  #longestMs = 0;
  #early: (readonly [key: string, value: string])[] | undefined;
  #query: URLSearchParams | undefined;

  constructor(request: ReceivedRequest, node: NodeBindings | undefined, startMs: number) {
    this.request = request;
    this.node = node;
    this.startMs = startMs;
    this.method = node?.incoming.method ?? request.method;
    const { url } = request;
    const start = url.indexOf('/', url.indexOf('://') + 3);
    const question = url.indexOf('?', start);
    const fragment = url.indexOf('#', start);
    const end = fragment < 0 ? url.length : fragment;
    this.path = question < 0 || question > end ? url.slice(start, end) : url.slice(start, question);
    this.search = question < 0 || question > end ? '' : url.slice(question + 1, end);
    this.info = requestInfo(this.method, this.path, this.search === '' ? undefined : this.query);
    const given = this.header('audit-id');
    this.auditId = given !== '' && auditIdPattern.test(given) ? given : randomUUID();
  }

  /** '' when absent; several values are joined with a comma. */
  header(lowerCaseName: string): string {
    if (this.node !== undefined) {
      const value = this.node.incoming.headers[lowerCaseName];
      return value === undefined ? '' : Array.isArray(value) ? value.join(', ') : value;
    }
    return this.request.headers?.get(lowerCaseName) ?? '';
  }

  /**
   * Every header as lower-case name and value, in order. Repeated headers are separate where the transport keeps them
   * apart.
   */
  *headers(): Iterable<readonly [string, string]> {
    if (this.node === undefined) {
      yield* this.request.headers?.entries() ?? [];
      return;
    }
    const raw = this.node.incoming.rawHeaders;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const [name = '', value = ''] = [raw[i], raw[i + 1]];
      if (!name.startsWith(':')) yield [name.toLowerCase(), value];
    }
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.search);
    return this.#query;
  }

  /** The first value of a query parameter, undefined when absent. */
  param(name: string): string | undefined {
    if (this.search === '' || !this.search.includes(name)) return undefined;
    return this.query.get(name) ?? undefined;
  }

  get userAgent(): string {
    return this.header('user-agent');
  }

  get accept(): string {
    return this.header('accept');
  }

  /** Aborts when the client disconnects. */
  get signal(): AbortSignal {
    return this.request.signal;
  }

  get warnings(): readonly string[] {
    return this.#warnings?.shown ?? [];
  }

  annotate(key: string, value: string): void {
    this.audit?.annotate(key, value);
  }

  /** Keeps an annotation until the record of the request begins, when its sender is known. */
  annotateLater(key: string, value: string): void {
    this.#early ??= [];
    this.#early.push([key, value]);
  }

  get earlyAnnotations(): readonly (readonly [key: string, value: string])[] {
    return this.#early ?? [];
  }

  waited(type: 'admit' | 'validating', ms: number): void {
    if (type === 'admit') this.#waitedMs += ms;
    else this.#longestMs = Math.max(this.#longestMs, ms);
  }

  get webhookMs(): number {
    return this.#waitedMs + this.#longestMs;
  }

  /** The parts of that time. */
  get webhookWaits(): { readonly mutatingMs: number; readonly validatingMs: number } {
    return { mutatingMs: this.#waitedMs, validatingMs: this.#longestMs };
  }

  /** Warns that what is asked for is deprecated, and notes it. `text`: see `ServedVersion.deprecation`. */
  deprecate(text: string): void {
    this.warn(text);
    const removed = /unavailable in v(\d+\.\d+)\+/.exec(text)?.[1] ?? '';
    this.removedRelease = removed;
    this.annotate('k8s.io/deprecated', 'true');
    if (removed !== '') this.annotate('k8s.io/removed-release', removed);
  }

  warn(text: string): void {
    this.#warnings ??= new Warnings();
    this.#warnings.add(text);
  }
}
