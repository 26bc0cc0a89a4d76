import { Agent, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { inspect } from 'node:util';
import type Dockerode from 'dockerode';
import { trusting } from '../../../api/trust.ts';
import { contain } from '../../../client/error-boundary.ts';
import { Slabs } from '../../../client/large-reads/slabs.ts';
import { RuntimeError, type RuntimeErrorCode } from '../container-runtime.ts';
import { type DockerAddress, type DockerEndpoint, type DockerTls, dockerAddress, openAddress } from './docker-endpoint.ts';
import { statusOf, toRuntimeError } from './errors.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** The path without the query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** A tar archive that is sent as the body. */
  readonly file?: Buffer | Readable;
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

/** The modem with kept connections, and the one for connections that are taken over. */
interface Modems {
  readonly kept: Modem;
  readonly hijacking: Modem;
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
  constructor({ verify, ca, ...pem }: DockerTls) {
    super({ ...keep, ...pem, ...(ca === undefined ? {} : trusting(ca)), rejectUnauthorized: verify });
  }

  [inspect.custom](): string {
    return 'TlsEngineAgent';
  }
}

/** So much is read from a taken connection at once, if it is there: as much as Node reads. */
const leastReadBytes = 64 * 1024;

/**
 * For connections that are taken over. Over the engine's socket they are read in large pieces: what the engine sends is
 * framed, and each read costs a turn of the event loop.
 */
class HijackAgent extends Agent {
  override createConnection(options: NetConnectOpts): Socket {
    const slabs = new Slabs();
    const onread = { buffer: () => slabs.room(leastReadBytes), callback: (bytes: number): boolean => socket.push(slabs.take(bytes)) };
    const socket: Socket = connect({ ...options, onread });
    return socket;
  }

  [inspect.custom](): string {
    return 'HijackAgent';
  }
}

const OK = { 101: true, 200: true, 201: true, 204: true, 304: true };

/**
 * The Engine API, with one method per kind of answer. Each rejects with RuntimeError only. dockerode is loaded at the
 * first call; connections are kept alive.
 */
export class DockerApi {
  readonly #connection: DockerConnection;
  readonly #limitMs: number | undefined;
  #modems: Promise<Modems> | undefined;
  #agent: Agent | undefined;

  /** `limitMs`: calls without a signal of their own are given up after this time; absent: never. */
  constructor(connection: DockerConnection, limitMs?: number) {
    this.#connection = connection;
    this.#limitMs = limitMs;
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

  /** An answer whose body is streamed, or undefined for 404. */
  async findStream(call: Call): Promise<IncomingMessage | undefined> {
    try {
      return await this.stream(call);
    } catch (error) {
      if (error instanceof RuntimeError && statusOf(error.cause) === 404) return undefined;
      throw error;
    }
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
    const limitMs = call.signal === undefined ? this.#limitMs : undefined;
    const signal = limitMs === undefined ? call.signal : AbortSignal.timeout(limitMs);
    const { kept, hijacking } = await this.#load();
    const modem = 'hijack' in extra ? hijacking : kept;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    modem.dial(
      {
        path: `${call.path}?`,
        method: call.method,
        options: { _query: call.query ?? {}, _body: call.body ?? {} },
        statusCodes: OK,
        ...(call.file === undefined ? {} : { file: call.file }),
        ...(call.auth === undefined ? {} : { authconfig: call.auth }),
        ...(signal === undefined ? {} : { abortSignal: signal }),
        ...extra,
      },
      (error, result) => (error ? reject(error) : resolve(result)),
    );
    try {
      return await promise;
    } catch (error) {
      if (limitMs !== undefined && signal?.aborted === true) throw unanswered(call, limitMs, error);
      throw toRuntimeError(error, call.failure);
    }
  }

  #load(): Promise<Modems> {
    this.#modems ??= this.#connect().catch((error: unknown) => {
      this.#modems = undefined;
      throw error;
    });
    return this.#modems;
  }

  async #connect(): Promise<Modems> {
    const { socketPath, address } = this.#connection;
    const endpoint = socketPath === undefined ? openAddress(address ?? dockerAddress()) : { socketPath };
    const { default: Docker } = await import('dockerode');
    const tls = 'tls' in endpoint ? endpoint.tls : undefined;
    const agent = tls === undefined ? new EngineAgent() : new TlsEngineAgent(tls);
    this.#agent = agent;
    const modem = (through: Agent): Modem => new Docker(modemOptions(endpoint, through)).modem as Modem; // see Modem
    const kept = modem(agent);
    return { kept, hijacking: tls === undefined ? modem(new HijackAgent()) : kept };
  }
}

/** A daemon whose lock of a container, or whose storage, is stuck takes calls and never answers them. */
const unanswered = ({ method, path }: Call, limitMs: number, cause: unknown): RuntimeError =>
  new RuntimeError('Other', `the Docker daemon has not answered ${method} ${path} within ${limitMs / 1000} s`, { cause });

/** Sets every option that the modem would otherwise read from the environment. Its types do not declare `agent`. */
function modemOptions(endpoint: DockerEndpoint, agent: Agent): Dockerode.DockerOptions {
  const none = { host: undefined, port: undefined, ca: undefined, cert: undefined, key: undefined, protocol: 'http' } as const;
  if ('socketPath' in endpoint) return { ...none, ...endpoint, agent } as Dockerode.DockerOptions;
  const { host, port, tls } = endpoint;
  return { ...none, host, port, protocol: tls === undefined ? 'http' : 'https', agent } as Dockerode.DockerOptions;
}
