/**
 * postStart and preStop handlers. Source: pkg/kubelet/lifecycle/handlers.go.
 */
import http from 'node:http';
import https from 'node:https';
import type { Container, LifecycleHandler } from '../../../api/generated/core/v1.ts';
import { hostPort } from '../../../api/go-dial-error.ts';
import { type Clock, sleep } from '../../../client/clock.ts';
import type { Streams } from '../../container/container-runtime.ts';
import { collectOutput } from '../probes/command-output.ts';
import { type ConnectToPod, connectedOptions, connectToPod, httpGetRequest, isPlainAnswer } from '../probes/http-get-request.ts';

export interface HookTarget {
  readonly containerId: string;
  readonly container: Container;
  readonly podIp: string;
}

export interface HookRunnerOptions {
  readonly streams: Streams;
  readonly clock: Clock;
  /** Warns the pod's user that a hook was run differently from how the spec describes it. */
  warn(reason: string, message: string): void;
}

/** Resolves a port given by number or by the name of a container port. Throws when the name is unknown. */
export function resolvePort(port: number | string, container: Container): number {
  if (typeof port === 'number') return port;
  const named = container.ports?.find((p) => p.name === port);
  if (named !== undefined) return named.containerPort;
  const parsed = Number(port);
  if (Number.isInteger(parsed) && parsed > 0) return parsed;
  throw new Error(`couldn't find port: ${JSON.stringify(port)} in container ${container.name}`);
}

/** Runs the handlers; rejects with a plain Error whose message completes upstream's event text. */
export class HookRunner {
  readonly #options: HookRunnerOptions;

  constructor(options: HookRunnerOptions) {
    this.#options = options;
  }

  async run(handler: LifecycleHandler, target: HookTarget, signal: AbortSignal): Promise<void> {
    if (handler.exec !== undefined) await this.#exec(handler.exec.command ?? [], target, signal);
    else if (handler.httpGet !== undefined) await this.#httpGet(handler.httpGet, target, signal);
    else if (handler.sleep !== undefined) await sleep(this.#options.clock, handler.sleep.seconds * 1000, signal);
    else throw new Error('Cannot run handler: invalid handler');
  }

  #httpGet(action: NonNullable<LifecycleHandler['httpGet']>, target: HookTarget, signal: AbortSignal): Promise<void> {
    const { streams, warn } = this.#options;
    return httpGet(action, target, { signal, warn, connect: connectToPod(streams, target.containerId) });
  }

  async #exec(command: readonly string[], target: HookTarget, signal: AbortSignal): Promise<void> {
    const output = collectOutput(maxOutputBytes);
    const code = await this.#options.streams.exec(target.containerId, {
      command,
      tty: false,
      stdout: output.stdout,
      stderr: output.stderr,
      signal,
      endsOnAbort: true,
    });
    if (code !== 0) {
      throw new Error(
        `Exec lifecycle hook (${JSON.stringify(command)}) for Container ${JSON.stringify(target.container.name)} failed - error: command '${command.join(' ')}' exited with ${code}: ${output.text()}`,
      );
    }
  }
}

const defaultPort = 80;
const maxOutputBytes = 10 * 1024;

interface HttpHookParts extends Pick<HookRunnerOptions, 'warn'> {
  readonly signal: AbortSignal;
  /** Absent: the pod is reached at its address. */
  readonly connect: ConnectToPod | undefined;
}

/**
 * Any HTTP response is a success. If the spec asks for HTTPS and the server speaks plain HTTP, the request is repeated
 * over HTTP. Source: handlers.go (runHTTPHandler).
 */
async function httpGet(
  action: NonNullable<LifecycleHandler['httpGet']>,
  target: HookTarget,
  { signal, warn, connect }: HttpHookParts,
): Promise<void> {
  const port = action.port === '' ? defaultPort : resolvePort(action.port, target.container);
  const wanted = httpGetRequest(action, { podIp: target.podIp, port, purpose: 'lifecycle' });
  if (!wanted.secure) return request(http, await connectedOptions(wanted, signal, connect));
  try {
    await request(https, await connectedOptions(wanted, signal, connect));
  } catch (error) {
    if (!isPlainAnswer(error)) throw error;
    const { httpHeaders = [] } = action;
    const plain = { ...action, httpHeaders: httpHeaders.filter(({ name }) => name.toLowerCase() !== 'authorization') };
    const again = httpGetRequest(plain, { podIp: target.podIp, port, purpose: 'lifecycle' });
    await request(http, await connectedOptions(again, signal, connect));
    const place = hostPort(wanted.host, port);
    warn('LifecycleHTTPFallback', `request to HTTPS lifecycle hook ${place} got HTTP response, retry with HTTP succeeded`);
  }
}

function request(client: Pick<typeof http, 'request'>, options: https.RequestOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = client.request(options, (response) => {
      resolve();
      response.destroy();
    });
    sent.on('error', reject);
    sent.end();
  });
}
