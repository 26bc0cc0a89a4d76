import { Agent, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import type Dockerode from 'dockerode';
import { contain } from '../../../client/error-boundary.ts';
import { RuntimeError, type RuntimeErrorCode } from '../container-runtime.ts';
import { type DockerAddress, type DockerEndpoint, type DockerTls, dockerAddress, openAddress } from './docker-endpoint.ts';
import { toRuntimeError } from './errors.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD';
  /** The path without the query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** A tar archive that is sent as the body. */
  readonly file?: Buffer;
  readonly auth?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The code of failures for which the engine gives none. */
  readonly failure?: RuntimeErrorCode;
}

/** How to reach the daemon; absent: the daemon that the docker command would use. */
export interface DockerConnection {
  readonly socketPath?: string;
  /** Used only without `socketPath`. */
  readonly address?: DockerAddress | undefined;
}

/** The parts of dockerode's modem that are used here; its own types do not declare them. */
interface Modem {
  dial(options: object, callback: (error: unknown, result: unknown) => void): void;
}

const keep = { keepAlive: true, maxFreeSockets: 16 };

/**
 * Keeps connections alive. It hides its contents from `util.inspect`, because dockerode's modem renders the options of
 * every request, including all sockets of the agent, even when debugging is off.
 */
class EngineAgent extends Agent {
  constructor() {
    super(keep);
  }

  [inspect.custom](): string {
    return 'EngineAgent';
  }
}

/** The same over TLS. */
class TlsEngineAgent extends TlsAgent {
  constructor({ verify, ...pem }: DockerTls) {
    super({ ...keep, ...pem, rejectUnauthorized: verify });
  }

  [inspect.custom](): string {
    return 'TlsEngineAgent';
  }
}

const OK = { 101: true, 200: true, 201: true, 204: true, 304: true };

/**
 * The Engine API, with one method per kind of answer. Each rejects with RuntimeError only. dockerode is loaded at the
 * first call; connections are kept alive.
 */
export class DockerApi {
  readonly #connection: DockerConnection;
  #modem: Promise<Modem> | undefined;
  #agent: Agent | undefined;

  constructor(connection: DockerConnection) {
    this.#connection = connection;
  }

  /** The decoded JSON answer. `T` is the type of answer that the Engine API documents for the call. */
  json<T>(call: Call): Promise<T> {
    return this.#dial(call, {}) as Promise<T>; // the API's contract, not checked again here
  }

  /** The decoded JSON answer, or undefined for 404. */
  async find<T>(call: Call): Promise<T | undefined> {
    try {
      return await this.json<T>(call);
    } catch (error) {
      if (error instanceof RuntimeError && (error.code === 'NotFound' || error.code === 'ImageNotFound')) return undefined;
      throw error;
    }
  }

  /** An answer whose body is streamed. */
  stream(call: Call): Promise<IncomingMessage> {
    return this.#dial(call, { isStream: true }) as Promise<IncomingMessage>; // the type that the modem returns for isStream
  }

  /** Takes over a connection as a raw byte stream in both directions. */
  async hijack(call: Call): Promise<Socket> {
    const socket = (await this.#dial(call, { isStream: true, hijack: true, openStdin: true, allowEmpty: true })) as Socket; // on 'upgrade' the modem hands out the socket
    // The reader of the socket handles its errors. The socket may also fail while it has no reader, and that must not
    // crash the process.
    contain(socket, (error) => socket.destroy(error instanceof Error ? error : new Error(String(error))));
    socket.on('error', () => socket.destroy());
    return socket;
  }

  close(): void {
    this.#agent?.destroy();
  }

  async #dial(call: Call, extra: object): Promise<unknown> {
    const modem = await this.#load();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    modem.dial(
      {
        path: `${call.path}?`,
        method: call.method,
        options: { _query: call.query ?? {}, _body: call.body ?? {} },
        statusCodes: OK,
        ...(call.file === undefined ? {} : { file: call.file }),
        ...(call.auth === undefined ? {} : { authconfig: call.auth }),
        ...(call.signal === undefined ? {} : { abortSignal: call.signal }),
        ...extra,
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    );
    try {
      return await promise;
    } catch (error) {
      throw toRuntimeError(error, call.failure);
    }
  }

  #load(): Promise<Modem> {
    this.#modem ??= this.#connect().catch((error: unknown) => {
      this.#modem = undefined;
      throw error;
    });
    return this.#modem;
  }

  async #connect(): Promise<Modem> {
    const { socketPath, address } = this.#connection;
    const endpoint = socketPath === undefined ? openAddress(address ?? dockerAddress()) : { socketPath };
    const { default: Docker } = await import('dockerode');
    this.#agent = 'tls' in endpoint && endpoint.tls !== undefined ? new TlsEngineAgent(endpoint.tls) : new EngineAgent();
    return new Docker(modemOptions(endpoint, this.#agent)).modem as Modem; // see Modem
  }
}

/** Sets every option that the modem would otherwise read from the environment. Its types do not declare `agent`. */
function modemOptions(endpoint: DockerEndpoint, agent: Agent): Dockerode.DockerOptions {
  const none = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined, protocol: 'http' } as const;
  if ('socketPath' in endpoint) return { ...none, ...endpoint, agent } as Dockerode.DockerOptions;
  const { host, port, tls } = endpoint;
  return { ...none, host, port, protocol: tls === undefined ? 'http' : 'https', agent } as Dockerode.DockerOptions;
}
