/**
 * `pods/log`. The response starts with the first byte of the log, so that errors before it can still be sent as Status
 * objects.
 */
import { Writable } from 'node:stream';
import type { ObjectRef } from '../../../api/object.ts';
import type { Target } from '../../registry/registry.ts';
import { Answer, alreadySent } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { baseHeaders, respondNothing } from '../respond.ts';
import type { ServerContext } from '../server-context.ts';
import { nodeSink, type WatchSink, webSink } from '../watch/watch-sink.ts';
import { logOptions, type ReceivedLogOptions } from './log-options.ts';
import { containerOf, podOf } from './pod-container.ts';

/** When following a log that has no output, the headers are sent after this long. */
const headersAfterMs = 500;

/** Passes bytes on to the client at its pace; `begin` is called before the first byte. */
class LogSink extends Writable {
  readonly #begin: () => WatchSink;
  #sink: WatchSink | undefined;
  #waiting: (() => void) | undefined;

  constructor(begin: () => WatchSink) {
    super({ highWaterMark: 64 * 1024 });
    this.#begin = begin;
  }

  get begun(): boolean {
    return this.#sink !== undefined;
  }

  /** Sends the headers. */
  start(): WatchSink {
    if (this.#sink !== undefined) return this.#sink;
    const sink = this.#begin();
    this.#sink = sink;
    const go = (): void => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.();
    };
    sink.onDrain(go);
    sink.onClose(() => {
      this.destroy();
      go();
    });
    return sink;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.start().write(chunk)) callback();
    else this.#waiting = callback;
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.start().end();
    callback();
  }
}

export async function handleLog(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const { container: asked, options } = logOptions(exchange, target.name, server.now());
  const pod = await podOf(exchange, server, target);
  const container = containerOf(pod, asked);
  // There is no log to stream yet. Source: apiserver pkg/endpoints/handlers/responsewriters/writers.go, StreamObject.
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === '') return respondNothing(exchange);
  return answerLog(exchange, server, { namespace: target.namespace, name: target.name, container, options });
}

export interface WantedLog extends ObjectRef {
  readonly container: string;
  readonly options: ReceivedLogOptions['options'];
}

/** Streams the log of a container that is known to exist in the pod. */
export function answerLog(exchange: Exchange, server: ServerContext, { container, options, ...ref }: WantedLog): Promise<Answer> {
  const gone = new AbortController();
  exchange.signal.addEventListener('abort', () => gone.abort(), { once: true });
  return new Promise((resolve, reject) => {
    const headers = baseHeaders(exchange, 'text/plain');
    let ended = (): void => undefined;
    const sink = new LogSink(() => {
      ended = server.metrics.opened(exchange);
      const { node } = exchange;
      if (node !== undefined) {
        const started = nodeSink(node, headers);
        resolve(alreadySent);
        return started;
      }
      const web = webSink();
      resolve(new Answer(200, headers, web.body));
      return web.sink;
    });
    sink.on('error', () => gone.abort());
    sink.once('close', () => {
      ended();
      gone.abort();
    });
    const cancel = options.follow ? server.clock.setTimer(headersAfterMs, () => sink.start()) : (): void => undefined;
    server.podStreams.logs(ref, container, { ...options, signal: gone.signal }, sink).then(
      () => {
        cancel();
        if (!sink.destroyed) sink.end();
      },
      (error: unknown) => {
        cancel();
        if (!sink.begun) return reject(error);
        if (!gone.signal.aborted) server.logger.warn('log stream failed', { pod: ref.name, container, error: String(error) });
        sink.destroy();
        sink.start().destroy();
      },
    );
  });
}
