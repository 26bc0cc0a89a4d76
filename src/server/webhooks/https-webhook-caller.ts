/**
 * Calls webhooks over HTTPS with connections that are kept for a while. Source: apiserver pkg/util/webhook/client.go.
 */
import type { IncomingMessage } from 'node:http';
import { type Agent, Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { posix } from 'node:path';
import { errorText } from '../../api/error-text.ts';
import { hostPort } from '../../api/go-dial-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { trusting } from '../../api/trust.ts';
import { LruMap } from '../../client/lru-map.ts';
import { requestError } from './go-errors.ts';
import type { Address } from './service-address.ts';
import type { WebhookCall, WebhookCaller, WebhookClient } from './webhook-caller.ts';

export interface WebhookCallerOptions {
  /** Resolves the address of a Service; throws with upstream's text. */
  readonly addressOf: (namespace: string, name: string, port: number) => Address;
  /** Calls back once after a delay in milliseconds; returns the cancel function. */
  readonly setTimer: (delayMs: number, callback: () => void) => () => void;
}

/** How many clients keep their connections. Source: apiserver pkg/util/webhook/client.go (defaultCacheSize). */
const keptClients = 200;
/** How long an unused connection is kept, in milliseconds. Source: apimachinery pkg/util/net/http.go. */
const idleMs = 90_000;
/** Longest answer. Differs: upstream reads answers of any length. */
const maxAnswerBytes = 16 * 1024 * 1024;
const defaultPort = 443;

/** Where a call goes: what is connected to, and what is written in requests and errors. */
interface Destination extends Address {
  /** The name that the certificate must have. */
  readonly serverName: string;
  readonly url: WebhookUrl;
}

interface WebhookUrl {
  /** With the port when it was given, even if it is the usual one. */
  readonly host: string;
  readonly pathAndQuery: string;
  /** `https://hook.default.svc:443/path?timeout=10s`. */
  readonly text: string;
}

/** Makes a caller. Its connections do not keep the process alive. */
export function createWebhookCaller({ addressOf, setTimer }: WebhookCallerOptions): WebhookCaller {
  const agents = new LruMap<string, Agent>(keptClients);
  const agentOf = ({ caBundle, service }: WebhookClient, { url }: Destination): Agent => {
    const key = JSON.stringify([url.host, service?.namespace, service?.name, caBundle]);
    const known = agents.get(key);
    const ca = caBundle === undefined || caBundle === '' ? {} : trusting(Buffer.from(caBundle, 'base64'));
    const agent = known ?? new HttpsAgent({ keepAlive: true, timeout: idleMs, ALPNProtocols: ['http/1.1'], ...ca });
    agents.set(key, agent);
    return agent;
  };
  const send = async (call: WebhookCall, signal: AbortSignal): Promise<JsonObject> => {
    const url = urlOf(call);
    try {
      const destination = destinationOf(call.client, url, addressOf);
      const agent = agentOf(call.client, destination);
      return jsonOf(await post(destination, agent, JSON.stringify(call.body), signal), url);
    } catch (error) {
      if (error instanceof AnswerError) throw error;
      throw new Error(`Post ${JSON.stringify(url.text)}: ${errorText(error)}`, { cause: error });
    }
  };
  return {
    async call(call) {
      const limit = new AbortController();
      const cancel = setTimer(call.timeoutMs, () => limit.abort(new Error('context deadline exceeded')));
      const ended = (): void => limit.abort(new Error('context canceled'));
      call.signal.addEventListener('abort', ended, { once: true });
      try {
        return await send(call, limit.signal);
      } finally {
        cancel();
        call.signal.removeEventListener('abort', ended);
      }
    },
  };
}

/**
 * The URL as upstream writes it: its path cleaned, the time limit a parameter. Throws when it is none. Source:
 * client-go rest/url_utils.go (DefaultVersionedAPIPath) and request.go (URL).
 */
function urlOf({ client: { url = '', service }, timeoutMs }: WebhookCall): WebhookUrl {
  const base =
    service === undefined ? url : `https://${service.name}.${service.namespace}.svc:${service.port ?? defaultPort}${service.path ?? ''}`;
  const [, host = '', path = ''] = /^https:\/\/([^/?#]+)([^?#]*)/.exec(base) ?? [];
  if (!URL.canParse(base)) throw new Error(`Unparsable URL: ${base}`);
  const pathAndQuery = `${path === '' && service === undefined ? '' : posix.join('/', path).replace(/(.)\/$/, '$1')}?timeout=${Math.ceil(timeoutMs / 1000)}s`;
  return { host, pathAndQuery, text: `https://${host}${pathAndQuery}` };
}

function destinationOf({ service }: WebhookClient, url: WebhookUrl, addressOf: WebhookCallerOptions['addressOf']): Destination {
  if (service !== undefined) {
    const { name, namespace, port = defaultPort } = service;
    return { ...addressOf(namespace, name, port), serverName: `${name}.${namespace}.svc`, url };
  }
  const { hostname, port } = new URL(url.text);
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port: port === '' ? defaultPort : Number(port), serverName: host, url };
}

/** An answer was received, but it is no success. */
class AnswerError extends Error {}

/** Sends once, and once more when a kept connection turns out to be closed. */
async function post(to: Destination, agent: Agent, body: string, signal: AbortSignal): Promise<IncomingMessage> {
  try {
    return await postOnce(to, agent, body, signal);
  } catch (error) {
    if (!(error instanceof KeptConnectionClosed)) throw error;
    return postOnce(to, agent, body, signal);
  }
}

class KeptConnectionClosed extends Error {}

function postOnce({ host, port, serverName, url }: Destination, agent: Agent, body: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return void reject(signal.reason);
    const headers = {
      Host: url.host,
      'User-Agent': 'kube-apiserver-admission',
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      Accept: 'application/json, */*',
    };
    const name = isIP(serverName) === 0 ? { servername: serverName } : {};
    const request = httpsRequest({
      agent,
      host,
      port,
      method: 'POST',
      path: url.pathAndQuery.startsWith('/') ? url.pathAndQuery : `/${url.pathAndQuery}`,
      headers,
      ...name,
    });
    const stop = (): void => void request.destroy(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    request.on('close', () => signal.removeEventListener('abort', stop));
    request.on('response', resolve);
    request.on('error', (error) => {
      if (signal.aborted) reject(signal.reason);
      else if (request.reusedSocket && 'code' in error && error.code === 'ECONNRESET') reject(new KeptConnectionClosed());
      else reject(new Error(requestError(error, hostPort(host, port), serverName), { cause: error }));
    });
    request.end(body);
  });
}

async function jsonOf(response: IncomingMessage, url: WebhookUrl): Promise<JsonObject> {
  const text = await textOf(response);
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 206) throw new AnswerError(statusText(status, text, url));
  const json = parsed(text);
  if (!isObject(json)) throw new AnswerError(`couldn't get version/kind; json parse error: ${unreadable(text)}`);
  return json;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new AnswerError(`the answer is larger than ${maxAnswerBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Undefined when the text is no JSON. */
function parsed(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}

const unreadable = (text: string): string =>
  text.trim() === '' ? 'unexpected end of JSON input' : `invalid character ${quotedCharacter(text.trim())} looking for beginning of value`;

const quotedCharacter = (text: string): string => `'${[...text][0] ?? ''}'`;

/**
 * What is said of an answer that is no success. Source: apimachinery pkg/api/errors/errors.go
 * (NewGenericServerResponse).
 */
function statusText(status: number, body: string, { pathAndQuery }: WebhookUrl): string {
  const quoted = JSON.stringify(body.slice(0, 2048));
  switch (status) {
    case 400:
      return 'the server rejected our request for an unknown reason';
    case 401:
      return 'the server has asked for the client to provide credentials';
    case 403:
      return 'forbidden';
    case 404:
      return 'the server could not find the requested resource';
    case 405:
      return 'the server does not allow this method on the requested resource';
    case 429:
      return 'the server has received too many requests and has asked us to try again later';
    case 503:
      return 'the server is currently unable to handle the request';
    case 504:
      return 'the server was unable to return a response in the time allotted, but may still be processing the request';
    default:
      return status >= 500
        ? `an error on the server (${quoted}) has prevented the request from succeeding`
        : `the server responded with the status code ${status} but did not return more information (post ${pathAndQuery.replace(/\?.*/, '')})`;
  }
}
