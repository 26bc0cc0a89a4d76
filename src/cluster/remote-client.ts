/** The client by which parts of this process work on objects that Services in the cluster serve. */
import { errorText } from '../api/error-text.ts';
import { hostPort } from '../api/go-dial-error.ts';
import type { JsonValue } from '../api/json.ts';
import type { AnyKind, Kind } from '../api/kind.ts';
import { availability } from '../api/kinds/apiregistration/api-service.ts';
import type { KubeObject } from '../api/object.ts';
import { statusErrors } from '../api/status-error.ts';
import type { Client, ResourceClient } from '../client/client.ts';
import { createResourceClient } from '../client/http-client.ts';
import { type HttpCall, HttpTransport } from '../client/http-transport.ts';
import { type Identity, programOf } from '../client/identity.ts';
import type { RemoteApi, RemoteApis } from '../server/aggregation/remote-apis.ts';
import { type RemoteAddress, type RemoteConnections, userHeaders } from '../server/aggregation/remote-connections.ts';
import { RemoteKinds } from '../server/aggregation/remote-kinds.ts';
import type { Pki } from '../server/pki/pki.ts';
import type { ControlPlane } from './control-plane.ts';
import { schemas } from './schemas.ts';

export interface RemoteClientOptions {
  readonly known: Pick<RemoteApis, 'find'>;
  readonly connections: Pick<RemoteConnections, 'to'>;
  /** The certificate with which this server vouches for users. */
  readonly client: Pki['frontProxy']['client'];
  readonly user: Identity;
  /** Ends the connections. */
  readonly signal: AbortSignal;
}

/** So long an answer may take; watches last. */
const timeoutMs = 30_000;
const unable = 'the server is currently unable to handle the request';

/** The client of one API, which may move: each call goes where its Service is then. */
class RemoteTransport {
  readonly #options: RemoteClientOptions;
  readonly #group: string;
  readonly #version: string;
  #current: { readonly spec: RemoteApi['spec']; readonly server: string; readonly transport: HttpTransport } | undefined;

  constructor(options: RemoteClientOptions, { group, version }: AnyKind) {
    this.#options = options;
    this.#group = group;
    this.#version = version;
    options.signal.addEventListener('abort', () => this.#current?.transport.close(), { once: true });
  }

  async json(call: HttpCall): Promise<JsonValue> {
    return this.#transport().json({ ...call, signal: AbortSignal.timeout(timeoutMs) });
  }

  async stream(call: HttpCall): ReturnType<HttpTransport['stream']> {
    return this.#transport().stream(call);
  }

  /** Throws ServiceUnavailable when the API is not available. */
  #transport(): HttpTransport {
    const { known, connections, client, user } = this.#options;
    const api = known.find(this.#group, this.#version);
    if (api === undefined || availability(api)?.status !== 'True') throw statusErrors.serviceUnavailable(unable);
    const { host, port, serverName } = addressOf(api, connections);
    const server = `https://${hostPort(host, port)}`;
    const { spec } = api;
    if (this.#current?.spec === spec && this.#current.server === server) return this.#current.transport;
    this.#current?.transport.close();
    const { caBundle = '', insecureSkipTLSVerify = false } = spec;
    const transport = new HttpTransport({
      server,
      tlsServerName: serverName,
      clientCertificate: client.certificate,
      clientKey: client.key,
      insecureSkipTlsVerify: insecureSkipTLSVerify,
      userAgent: programOf(user),
      headers: userHeaders({ uid: '', extra: {}, ...user }),
      ...(caBundle === '' ? {} : { certificateAuthority: Buffer.from(caBundle, 'base64').toString() }),
    });
    this.#current = { spec, server, transport };
    return transport;
  }
}

function addressOf(api: RemoteApi, connections: RemoteClientOptions['connections']): RemoteAddress {
  try {
    return connections.to(api);
  } catch (error) {
    throw statusErrors.serviceUnavailable(`${unable}: ${errorText(error)}`);
  }
}

/** Makes a client that calls other servers as one user, whom they believe this server. */
export function createRemoteClient(options: RemoteClientOptions): Client {
  const transports = new Map<string, RemoteTransport>();
  return {
    resource: <T extends KubeObject>(kind: Kind<T>): ResourceClient<T> => {
      const transport = transports.get(kind.apiVersion) ?? new RemoteTransport(options, kind);
      transports.set(kind.apiVersion, transport);
      return createResourceClient(transport, kind);
    },
  };
}

/** The kinds of other servers, and clients for them and this server's own alike. */
export function reachRemoteKinds(
  { remoteApis: { known, connections }, pki, clientFor }: Pick<ControlPlane, 'remoteApis' | 'pki' | 'clientFor'>,
  signal: AbortSignal,
): { readonly remote: RemoteKinds; readonly clientFor: (user: Identity) => Client } {
  const remote = new RemoteKinds(known, schemas);
  const { client } = pki.frontProxy;
  return {
    remote,
    clientFor: (user) => {
      const own = clientFor(user);
      const others = createRemoteClient({ known, connections, client, user, signal });
      return { resource: (kind) => (remote.has(kind) ? others : own).resource(kind) };
    },
  };
}
