/** HTTPS with keep-alive, client credentials and Status errors; the HTTP client is built on it. */

import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { errorText } from '../api/error-text.ts';
import { headerKey } from '../api/header-key.ts';
import type { JsonValue } from '../api/json.ts';
import { type Status, StatusError, statusErrors } from '../api/status-error.ts';
import { trusting } from '../api/trust.ts';

/** Whom requests are made as. */
export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The address of an API server and the credentials for it. */
export interface HttpClientConfig {
  /** `https://127.0.0.1:6443`, with a path prefix if there is one. */
  readonly server: string;
  /** PEM. Absent: the system's roots. */
  readonly certificateAuthority?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  /** PEM. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  readonly impersonate?: Impersonation;
  readonly userAgent?: string;
  /** Sent with every request, beside its own. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Timeout of unary requests in milliseconds; default none. */
  readonly timeoutMs?: number;
  /** Receives the texts of `Warning: 299` headers; default: dropped. */
  readonly onWarning?: (text: string) => void;
}

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query, from the root of the API. */
  readonly path: string;
  readonly body?: JsonValue | undefined;
  /** A body that is sent unchanged, JSON or not. */
  readonly text?: string | undefined;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** Sends requests to one server over kept-alive connections. */
export class HttpTransport {
  readonly #config: HttpClientConfig;
  readonly #base: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(config: HttpClientConfig) {
    this.#config = config;
    this.#base = new URL(config.server.includes('://') ? config.server : `https://${config.server}`);
    this.#agent =
      this.#base.protocol === 'http:' ? new HttpAgent({ keepAlive: true }) : new HttpsAgent({ keepAlive: true, ...this.tlsOptions() });
  }

  /** The TLS options, for callers that open their own connections (upgrades). */
  tlsOptions() {
    const c = this.#config;
    return {
      ...(c.certificateAuthority === undefined ? {} : trusting(c.certificateAuthority)),
      ...(c.clientCertificate === undefined ? {} : { cert: c.clientCertificate }),
      ...(c.clientKey === undefined ? {} : { key: c.clientKey }),
      ...(c.tlsServerName === undefined ? {} : { servername: c.tlsServerName }),
      ...(c.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
    };
  }

  /** Sends a request and resolves with the parsed answer; rejects with StatusError. */
  async json(call: HttpCall): Promise<JsonValue> {
    const response = await this.stream(call);
    const text = await readAll(response);
    if (text === '') return null;
    return parseJson(text);
  }

  /**
   * Sends a request and resolves with the response once its status is known to be a success; rejects with StatusError.
   * The caller must read or destroy the response.
   */
  async stream(call: HttpCall): Promise<IncomingMessage> {
    const response = await this.#send(call).catch((error: unknown) => {
      throw connectionError(call, this.#base, error);
    });
    for (const text of warningsOf(response)) this.#config.onWarning?.(text);
    const code = response.statusCode ?? 500;
    if (code < 400) return response;
    throw errorOf(call, code, response, await readAll(response));
  }

  /** Closes idle connections; requests in progress continue. */
  close(): void {
    this.#agent.destroy();
  }

  #send(call: HttpCall): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const text = call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
      const payload = text === undefined ? undefined : Buffer.from(text);
      const prefix = this.#base.pathname.replace(/\/$/, '');
      const options = {
        agent: this.#agent,
        method: call.method,
        hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
        port: this.#base.port === '' ? undefined : this.#base.port,
        path: `${prefix}${call.path}`,
        headers: this.headers(call, payload?.length),
        ...(call.signal === undefined ? {} : { signal: call.signal }),
        ...(this.#config.timeoutMs === undefined ? {} : { timeout: this.#config.timeoutMs }),
      };
      let begun: ClientRequest | IncomingMessage;
      const answered = (response: IncomingMessage): void => {
        begun = response;
        resolve(response);
      };
      const request: ClientRequest = this.#base.protocol === 'http:' ? httpRequest(options, answered) : httpsRequest(options, answered);
      begun = request;
      request.on('error', reject);
      request.on('timeout', () => begun.destroy(new RequestTimedOut()));
      request.end(payload);
    });
  }

  /** The headers of a request, credentials included. */
  headers(call: Pick<HttpCall, 'accept' | 'contentType'>, contentLength?: number): Record<string, string | string[]> {
    const { token, username, password, impersonate, userAgent } = this.#config;
    const authorization =
      token !== undefined
        ? `Bearer ${token}`
        : username !== undefined
          ? `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}`
          : undefined;
    return {
      ...this.#config.headers,
      accept: call.accept ?? 'application/json',
      'user-agent': userAgent ?? 'minik',
      ...(authorization === undefined ? {} : { authorization }),
      ...(impersonate === undefined ? {} : impersonationHeaders(impersonate)),
      ...(contentLength === undefined
        ? {}
        : { 'content-type': call.contentType ?? 'application/json', 'content-length': String(contentLength) }),
    };
  }
}

const impersonationHeaders = ({ user, uid = '', groups = [], extra = {} }: Impersonation): Record<string, string | string[]> => ({
  ...(uid === '' ? {} : { 'impersonate-uid': uid }),
  'impersonate-user': user,
  'impersonate-group': [...groups],
  ...Object.fromEntries(Object.entries(extra).map(([key, values]) => [`impersonate-extra-${headerKey(key)}`, [...values]])),
});

/** The client's own timeout has passed. The request is given up, but its connection is kept. */
export class RequestTimedOut extends Error {
  constructor() {
    super('request timed out');
    this.name = 'RequestTimedOut';
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk);
  } catch (error) {
    throw statusErrors.internal(error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw statusErrors.internal(error);
  }
}

/**
 * `299 - "text"`, several per header. Source: RFC 7234 section 5.5; apimachinery pkg/util/net/http.go
 * ParseWarningHeaders.
 */
function warningsOf(response: IncomingMessage): readonly string[] {
  const header = response.headers.warning;
  if (header === undefined) return [];
  return [...header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map((match) => (match[1] ?? '').replace(/\\(.)/g, '$1'));
}

function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status' && 'status' in value;
}

/** Messages for answers that are not a Status; '' means the text of the answer. */
const genericAnswers: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  400: ['BadRequest', 'the server rejected our request for an unknown reason'],
  401: ['Unauthorized', 'the server has asked for the client to provide credentials'],
  403: ['Forbidden', ''],
  404: ['NotFound', 'the server could not find the requested resource'],
  405: ['MethodNotAllowed', 'the server does not allow this method on the requested resource'],
  406: ['NotAcceptable', ''],
  409: ['Conflict', 'the server reported a conflict'],
  415: ['UnsupportedMediaType', ''],
  422: ['Invalid', 'the server rejected our request due to an error in our request'],
  429: ['TooManyRequests', 'the server has received too many requests and has asked us to try again later'],
  503: ['ServiceUnavailable', 'the server is currently unable to handle the request'],
  504: ['Timeout', 'the server was unable to return a response in the time allotted, but may still be processing the request'],
};

/** The longest part of an answer's text, in characters, that an error message repeats. */
const maxAnswerChars = 2048;

/** Go's `%q`, for texts of answers. */
const quoted = (text: string): string => JSON.stringify(text);

/**
 * The reason and message for an answer that is not a Status. Source: apimachinery pkg/api/errors
 * NewGenericServerResponse.
 */
function genericAnswer(method: string, code: number, text: string): readonly [reason: string, message: string] {
  const [reason, message] = genericAnswers[code] ?? [];
  if (reason === undefined || message === undefined) {
    return code >= 500
      ? ['InternalError', `an error on the server (${quoted(text)}) has prevented the request from succeeding`]
      : ['Unknown', `the server responded with the status code ${code} but did not return more information`];
  }
  if (code === 409 && method === 'POST') return ['AlreadyExists', message];
  if (code === 406 && text === 'unknown') return [reason, 'the server was unable to respond with a content type that the client supports'];
  return [reason, message === '' ? text : message];
}

/**
 * An error answer as StatusError. Answers that are not a Status get a generic one. Source: client-go rest/request.go
 * newUnstructuredResponseError.
 */
function errorOf(call: HttpCall, code: number, response: IncomingMessage, text: string): StatusError {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isStatus(parsed)) return new StatusError({ ...parsed, code: parsed.code ?? code });
  } catch {
    // Not JSON: a proxy's or a plain-text answer, described below.
  }
  const retryAfter = Number(response.headers['retry-after']);
  const isText = (response.headers['content-type'] ?? 'text/').startsWith('text/');
  const said = isText ? text.slice(0, maxAnswerChars).trim() : 'unknown';
  const [reason, message] = genericAnswer(call.method, code, said);
  return new StatusError({
    code,
    reason,
    message,
    details: {
      causes: [{ reason: 'UnexpectedServerResponse', message: said }],
      ...(Number.isInteger(retryAfter) ? { retryAfterSeconds: retryAfter } : {}),
    },
  });
}

/** The error of a request without an answer. Its cause is the socket's error, with its `code`. */
function connectionError(call: HttpCall, base: URL, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const text = errorText(error);
  return new StatusError(
    { code: 503, reason: 'ServiceUnavailable', message: `${call.method} ${JSON.stringify(`${base.origin}${call.path}`)}: ${text}` },
    { cause: error },
  );
}
