import { Agent, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import type Dockerode from 'dockerode';
import { RuntimeError, type RuntimeErrorCode } from '../container-runtime.ts';
import { toRuntimeError } from './errors.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD';
  /** Without query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
  /** A tar archive as the body. */
  readonly file?: Buffer;
  readonly auth?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Code of failures that have none of their own. */
  readonly failure?: RuntimeErrorCode;
}

/** How to reach the daemon; absent: DOCKER_HOST, else the usual socket. */
export interface DockerConnection {
  readonly socketPath?: string;
  /** Like `tcp://host:2375`, `unix:///path`. */
  readonly host?: string;
}

/** Parts of dockerode's modem used here; its own types leave them open. */
interface Modem {
  dial(options: object, callback: (error: unknown, result: unknown) => void): void;
}

/** Keeps connections; opaque because dockerode's modem prints every request's options in full, with all sockets of the agent, even when nobody debugs. */
class EngineAgent extends Agent {
  constructor() {
    super({ keepAlive: true, maxFreeSockets: 16 });
  }

  [inspect.custom](): string {
    return 'EngineAgent';
  }
}

const OK = { 101: true, 200: true, 201: true, 204: true, 304: true };

/**
 * The Engine API: one method per shape of answer, each rejecting with RuntimeError only. dockerode is loaded at the first call, connections are
 * kept alive.
 */
export class DockerApi {
  readonly #connection: DockerConnection;
  #modem: Promise<Modem> | undefined;
  readonly #agent = new EngineAgent();

  constructor(connection: DockerConnection) {
    this.#connection = connection;
  }

  /** The decoded JSON answer. `T` is the Engine API's documented answer to this call. */
  json<T>(call: Call): Promise<T> {
    return this.#dial(call, {}) as Promise<T>; // the API's contract, not checked again here
  }

  /** The decoded JSON answer, or undefined when there is no such thing. */
  async find<T>(call: Call): Promise<T | undefined> {
    try {
      return await this.json<T>(call);
    } catch (error) {
      if (error instanceof RuntimeError && (error.code === 'NotFound' || error.code === 'ImageNotFound')) return undefined;
      throw error;
    }
  }

  /** An answer whose body is read as it comes. */
  stream(call: Call): Promise<IncomingMessage> {
    return this.#dial(call, { isStream: true }) as Promise<IncomingMessage>; // what the modem hands out for isStream
  }

  /** A connection taken over for a raw byte stream in both directions. */
  hijack(call: Call): Promise<Socket> {
    return this.#dial(call, { isStream: true, hijack: true, openStdin: true, allowEmpty: true }) as Promise<Socket>; // on 'upgrade' the modem hands out the socket
  }

  close(): void {
    this.#agent.destroy();
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
    this.#modem ??= (async () => {
      const { default: Docker } = await import('dockerode');
      const options = connectionOptions(this.#connection);
      const probe = new Docker(options);
      const secure = (probe.modem as { protocol?: string }).protocol !== 'http'; // the modem's field, absent from its types
      return (secure ? probe : new Docker({ ...options, agent: this.#agent } as Dockerode.DockerOptions)).modem as Modem; // see Modem
    })();
    return this.#modem;
  }
}

function connectionOptions({ socketPath, host }: DockerConnection): Dockerode.DockerOptions {
  if (socketPath !== undefined) return { socketPath };
  if (host === undefined) return {};
  const url = new URL(host);
  return url.protocol === 'unix:' ? { socketPath: url.pathname } : { host: url.hostname, port: Number(url.port || 2375) };
}
