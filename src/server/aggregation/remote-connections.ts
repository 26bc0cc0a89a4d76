/**
 * Connections to the Services that serve APIs. This server vouches for its users with a certificate of its own and
 * names them in headers. Source: kube-aggregator pkg/apiserver/handler_proxy.go; client-go transport/round_trippers.go.
 */
import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { hostPort } from '../../api/go-dial-error.ts';
import { headerKey } from '../../api/header-key.ts';
import { isObject, type JsonObject } from '../../api/json.ts';
import type { UserInfo } from '../../api/requests.ts';
import { trusting } from '../../api/trust.ts';
import { requestError } from '../webhooks/go-errors.ts';
import type { Address } from '../webhooks/service-address.ts';
import type { RemoteApi } from './remote-apis.ts';

export interface RemoteConnectionsOptions {
  /** Resolves the address of a Service; throws with upstream's text. */
  readonly addressOf: (namespace: string, name: string, port: number) => Address;
  /** The certificate with which this server vouches for users. PEM. */
  readonly client: { readonly key: string; readonly certificate: string };
}

/** Where requests for an API go. */
export interface RemoteAddress extends Address {
  readonly serverName: string;
  readonly agent: Agent;
}

const defaultPort = 443;
/** Whom the aggregator itself is. */
const aggregator: UserInfo = { name: 'system:kube-aggregator', uid: '', groups: ['system:masters'], extra: {} };
const idleMs = 90_000;
const checkMs = 5000;

/** Headers that name a user; groups and values of extras are repeated. */
export function userHeaders({ name, uid, groups, extra }: UserInfo): Readonly<Record<string, string | string[]>> {
  const extras = Object.entries(extra).map(([key, values]): [string, string[]] => [`x-remote-extra-${headerKey(key)}`, [...values]]);
  return {
    'x-remote-user': name,
    ...(uid === '' ? {} : { 'x-remote-uid': uid }),
    ...(groups.length === 0 ? {} : { 'x-remote-group': [...groups] }),
    ...Object.fromEntries(extras),
  };
}

export class RemoteConnections {
  readonly #options: RemoteConnectionsOptions;
  /** By the state of an APIService, which holds its certificates. */
  readonly #agents = new WeakMap<object, Agent>();

  constructor(options: RemoteConnectionsOptions) {
    this.#options = options;
  }

  /** The address and connections for an API. Throws an Error with upstream's text. */
  to({ spec }: RemoteApi): RemoteAddress {
    const { namespace = '', name = '', port = defaultPort } = spec.service;
    const serverName = `${name}.${namespace}.svc`;
    return { ...this.#options.addressOf(namespace, name, port), serverName, agent: this.#agentOf(spec, serverName) };
  }

  #agentOf(spec: RemoteApi['spec'], servername: string): Agent {
    const known = this.#agents.get(spec);
    if (known !== undefined) return known;
    const { key, certificate: cert } = this.#options.client;
    const { caBundle = '', insecureSkipTLSVerify = false } = spec;
    const ca = caBundle === '' ? {} : trusting(Buffer.from(caBundle, 'base64'));
    const agent = new Agent({
      ...{
        keepAlive: true,
        timeout: idleMs,
        ALPNProtocols: ['http/1.1'],
        servername,
        key,
        cert,
        rejectUnauthorized: !insecureSkipTLSVerify,
      },
      ...ca,
    });
    this.#agents.set(spec, agent);
    return agent;
  }

  /**
   * What an API serves: its APIResourceList. Rejects with an Error whose text becomes the message of the condition.
   * Source: kube-aggregator pkg/controllers/status/remote/remote_available_controller.go.
   */
  async resources(api: RemoteApi): Promise<JsonObject> {
    const { group = '', version = '' } = api.spec;
    const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const to = this.to(api);
    const url = `https://${hostPort(to.host, to.port)}${path}`;
    const response = await this.get(to, path, 'application/json').catch((error: Error) => {
      throw new Error(`failing or missing response from ${url}: Get ${JSON.stringify(url)}: ${error.message}`);
    });
    const status = response.statusCode ?? 0;
    const text = await textOf(response);
    if (status < 200 || status >= 300) throw new Error(`failing or missing response from ${url}: bad status from ${url}: ${status}`);
    const list: unknown = JSON.parse(text);
    // What was parsed is JSON.
    return isObject(list as JsonObject) ? (list as JsonObject) : {};
  }

  /** A JSON document of an API; undefined when there is none. Rejects when it cannot be reached. */
  async document(api: RemoteApi, path: string): Promise<JsonObject | undefined> {
    const response = await this.get(this.to(api), path, 'application/json');
    const text = await textOf(response);
    return response.statusCode === 200 ? (JSON.parse(text) as JsonObject) : undefined;
  }

  /** Gets a JSON document as a user. Rejects when the API cannot be reached. */
  async ask(to: RemoteAddress, path: string, user: UserInfo): Promise<{ readonly status: number; readonly text: string }> {
    const response = await this.get(to, path, 'application/json', user);
    return { status: response.statusCode ?? 0, text: await textOf(response) };
  }

  /** Gets a path; as the aggregator itself unless a user is given. */
  get({ host, port, serverName, agent }: RemoteAddress, path: string, accept: string, user = aggregator): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { ...userHeaders(user), host: hostPort(host, port), accept };
      const request = httpsRequest({ agent, host, port, path, headers, timeout: checkMs, servername: serverName });
      request.on('response', resolve);
      request.on('timeout', () => request.destroy(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')));
      request.on('error', (error) => reject(new Error(requestError(error, hostPort(host, port), serverName), { cause: error })));
      request.end();
    });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  return text;
}
