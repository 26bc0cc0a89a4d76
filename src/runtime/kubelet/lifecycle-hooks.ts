/**
 * postStart and preStop handlers. Source: pkg/kubelet/lifecycle/handlers.go.
 */
import { PassThrough } from 'node:stream';
import type { Container, LifecycleHandler } from '../../api/generated/core/v1.ts';
import { type Clock, sleep } from '../../client/clock.ts';
import type { Streams } from '../container/container-runtime.ts';

export interface HookTarget {
  readonly containerId: string;
  readonly container: Container;
  readonly podIp: string;
}

export interface HookRunnerOptions {
  readonly streams: Streams;
  readonly clock: Clock;
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
    else if (handler.httpGet !== undefined) await httpGet(handler.httpGet, target, signal);
    else if (handler.sleep !== undefined) await sleep(this.#options.clock, handler.sleep.seconds * 1000, signal);
  }

  async #exec(command: readonly string[], target: HookTarget, signal: AbortSignal): Promise<void> {
    const output = new PassThrough();
    const chunks: Buffer[] = [];
    output.on('data', (chunk: Buffer) => {
      if (chunks.length < 64) chunks.push(chunk);
    });
    const code = await this.#options.streams.exec(target.containerId, { command, tty: false, stdout: output, stderr: output, signal });
    if (code !== 0) {
      throw new Error(
        `Exec lifecycle hook (${JSON.stringify(command)}) for Container ${JSON.stringify(target.container.name)} failed - error: command '${command.join(' ')}' exited with ${code}: ${Buffer.concat(chunks).toString('utf8')}`,
      );
    }
  }
}

async function httpGet(action: NonNullable<LifecycleHandler['httpGet']>, target: HookTarget, signal: AbortSignal): Promise<void> {
  const port = resolvePort(action.port, target.container);
  const host = action.host === undefined || action.host === '' ? target.podIp : action.host;
  const url = `${(action.scheme ?? 'HTTP').toLowerCase()}://${host}:${port}${action.path ?? '/'}`;
  const headers = new Headers([
    ['User-Agent', 'kube-lifecycle/1.36'],
    ...(action.httpHeaders ?? []).map((h): [string, string] => [h.name, h.value]),
  ]);
  const response = await fetch(url, { headers, signal, redirect: 'manual' });
  await response.body?.cancel();
}
