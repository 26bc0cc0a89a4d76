/**
 * The request of an `httpGet` probe or hook, exactly as Go's client sends it: the path as in the spec, and repeated
 * headers repeated. Source: pkg/probe/http/request.go; Go's net/url (Parse, EscapedPath) and net/http (Request.write).
 */
import type http from 'node:http';
import type https from 'node:https';
import type { Duplex } from 'node:stream';
import type { Probe } from '../../../api/generated/core/v1.ts';
import { hostPort } from '../../../api/go-dial-error.ts';
import type { Streams } from '../../container/container-runtime.ts';

type HttpGet = NonNullable<Probe['httpGet']>;

export interface HttpGetRequest {
  /** The URL as messages show it. */
  readonly text: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** Path and query as they are sent. */
  readonly target: string;
  /** Alternating names and values; Host and User-Agent come first. */
  readonly headers: readonly string[];
}

export interface HttpGetPlace {
  readonly podIp: string;
  readonly port: number;
  /** Part of the User-Agent header: `kube-<purpose>/<version>`. */
  readonly purpose: 'probe' | 'lifecycle';
}

/** Headers that Go writes itself. */
const ownHeaders: ReadonlySet<string> = new Set(['Host', 'User-Agent', 'Content-Length', 'Transfer-Encoding', 'Trailer']);

/** Source: Go's net/textproto (CanonicalMIMEHeaderKey). */
const canonical = (name: string): string =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(name) ? name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()) : name;

function headersOf(action: HttpGet, authority: string, purpose: string): string[] {
  const given = new Map<string, string[]>();
  for (const { name, value } of action.httpHeaders ?? []) {
    const key = canonical(name);
    given.set(key, [...(given.get(key) ?? []), value]);
  }
  const userAgent = given.get('User-Agent')?.[0] ?? `kube-${purpose}/1.36`;
  const accept = given.get('Accept');
  if (accept === undefined) given.set('Accept', ['*/*']);
  else if (accept[0] === '') given.delete('Accept');
  const host = given.get('Host')?.[0] ?? '';
  const others = [...given].filter(([name]) => !ownHeaders.has(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...['Host', host === '' ? authority : host],
    ...(userAgent === '' ? [] : ['User-Agent', userAgent]),
    ...others.flatMap(([name, values]) => values.flatMap((value) => [name, value])),
    ...(given.has('Connection') ? [] : ['Connection', 'close']),
  ];
}

const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** Escapes a path that is not validly encoded already. Source: net/url (shouldEscape, encodePath). */
const escapePath = (path: string): string => path.replace(/[^A-Za-z0-9\-_.~$&+,/:;=@]/gu, percent);

/**
 * Whether a path is validly encoded: it holds only escapes and characters that need no escape. Source: net/url
 * (validEncoded).
 */
const isEncoded = (path: string): boolean => /^[A-Za-z0-9\-_.~$&+,/:;=@!'()*[\]%]*$/.test(path);

function unescaped(path: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return undefined;
  return path.replace(/(?:%[0-9A-Fa-f]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'));
}

/** The request target of a path in a spec. */
export function requestTarget(spec: string): string {
  const rooted = (path: string): string => (path.startsWith('/') ? path : `/${path}`);
  // If Go's URL parser refuses the text, upstream takes all of it, query included, as the path.
  const verbatim = rooted(escapePath(spec));
  if ([...spec].some((char) => char < ' ' || char === '\x7f')) return verbatim;
  const [withoutFragment = ''] = spec.split('#', 1);
  const mark = withoutFragment.indexOf('?');
  const query = mark === -1 ? '' : withoutFragment.slice(mark);
  let path = mark === -1 ? withoutFragment : withoutFragment.slice(0, mark);
  // Upstream overwrites a scheme and a host in the path, so they are dropped here.
  path = path.replace(/^[A-Za-z][A-Za-z0-9+.-]*:(?=\/)/, '');
  if (/^[^/]*:/.test(path)) return verbatim;
  if (path.startsWith('//') && !path.startsWith('///')) path = path.replace(/^\/\/[^/]*/, '');
  const decoded = unescaped(path);
  if (decoded === undefined) return verbatim;
  return rooted(isEncoded(path) ? path : escapePath(decoded)) + query;
}

/** Builds the request. */
export function httpGetRequest(action: HttpGet, { podIp, port, purpose }: HttpGetPlace): HttpGetRequest {
  const host = action.host === undefined || action.host === '' ? podIp : action.host;
  const scheme = (action.scheme ?? 'HTTP').toLowerCase();
  const { path = '' } = action;
  const target = requestTarget(path);
  const fragment = path.includes('#') ? path.slice(path.indexOf('#')) : '';
  const authority = hostPort(host, port);
  return {
    text: `${scheme}://${authority}${target}${fragment}`,
    secure: scheme === 'https',
    host,
    port,
    target,
    headers: headersOf(action, authority, purpose),
  };
}

/** Connects to a port of the pod that is asked, where its address exists on no network. */
export type ConnectToPod = (port: number) => Promise<Duplex>;

/** How a container's pod is connected to; undefined when it is reached at its address. */
export const connectToPod = (streams: Streams, containerId: string): ConnectToPod | undefined => {
  const connect = streams.connect?.bind(streams);
  return connect === undefined ? undefined : (port) => connect(containerId, port);
};

/**
 * The options of `requestOptions` with a connection of `connect`, if there is one. HTTPS is then spoken without TLS.
 * Rejects as `connect` does.
 */
export async function connectedOptions(
  request: HttpGetRequest,
  signal: AbortSignal,
  connect: ConnectToPod | undefined,
): Promise<https.RequestOptions> {
  const { agent, ...options } = requestOptions(request, signal);
  if (connect === undefined) return { ...options, agent };
  const connection = await connect(request.port);
  // Without an agent Node uses the connection that it is given.
  return { ...options, createConnection: () => connection };
}

/** Options for Node's HTTP clients. Certificates are not verified, because pods usually have self-signed ones. */
const requestOptions = ({ host, port, target, headers }: HttpGetRequest, signal: AbortSignal): https.RequestOptions => ({
  host,
  port,
  path: target,
  // Node accepts alternating names and values here, but its typings do not say so.
  headers: headers as unknown as http.OutgoingHttpHeaders,
  agent: false,
  rejectUnauthorized: false,
  signal,
});

/** Whether an error is one of those with which OpenSSL reports that the answer is not TLS. */
export const isPlainAnswer = (error: unknown): boolean =>
  error instanceof Error && /wrong version number|packet length too long|http request/i.test(error.message);

/** Go's error text for a plain HTTP answer to an HTTPS request. */
export const plainAnswerText = 'http: server gave HTTP response to HTTPS client';
