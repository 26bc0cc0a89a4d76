/** Watches over HTTP. Source: apiserver pkg/endpoints/handlers/{get,watch}.go. */

import type { JsonObject } from '../../../api/json.ts';
import { isExpired, StatusError, statusErrors } from '../../../api/status-error.ts';
import type { Target, WatchOutput } from '../../registry/registry.ts';
import { tooOld } from '../../registry/store-errors.ts';
import type { Entry } from '../../store/store.ts';
import { Answer, alreadySent } from '../answer.ts';
import { includeObjectParam } from '../encode/table.ts';
import type { Exchange } from '../exchange.ts';
import { strikeOf } from '../faults/request-faults.ts';
import { WatchFault } from '../faults/watch-fault.ts';
import type { Representation } from '../negotiation.ts';
import { type ListOptions, listOptions } from '../options/list-options.ts';
import { baseHeaders, warningHeader } from '../respond.ts';
import type { ServerContext } from '../server-context.ts';
import { statusOf, toStatusError } from '../status.ts';
import { FrameCache, type FrameForm } from '../watch/frame-cache.ts';
import { nodeSink, type WatchSink, webSink } from '../watch/watch-sink.ts';
import { WatchStream } from '../watch/watch-stream.ts';
import { negotiateFor } from './read.ts';

/**
 * Upstream's --min-request-timeout default: a watch without a timeout ends after a random time between this and twice
 * this.
 */
const minWatchTimeoutMs = 1_800_000;

/** A watch that has been started but has no client connection to write to yet. */
export interface StartedWatch {
  readonly contentType: string;
  /** Writes events to a client until either side ends. */
  connect(sink: WatchSink): void;
}

const timeoutMsOf = ({ timeoutSeconds }: ListOptions): number =>
  timeoutSeconds > 0 ? timeoutSeconds * 1000 : minWatchTimeoutMs * (1 + Math.random());

function representationFor(exchange: Exchange, target: Target): Representation {
  const representation = negotiateFor(exchange, target);
  if (representation.mediaType === 'application/yaml') {
    throw statusErrors.notAcceptable(
      'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    );
  }
  return { ...representation, pretty: false };
}

const caches = new WeakMap<ServerContext, FrameCache>();

function framesOf(server: ServerContext): FrameCache {
  let frames = caches.get(server);
  if (frames === undefined) {
    frames = new FrameCache({ codec: server.codec, columns: server.columns, served: server.served, now: server.now });
    caches.set(server, frames);
  }
  return frames;
}

/**
 * True for the errors that upstream's watch cache sends as an ERROR event: an expired version, and one that was not
 * reached in time.
 */
const isEvent = (error: unknown): error is StatusError =>
  isExpired(error) || (error instanceof StatusError && error.status.details?.causes?.[0]?.reason === 'ResourceVersionTooLarge');

/** A Status is JSON. */
const statusJson = (error: StatusError): JsonObject => statusOf(error) as unknown as JsonObject;

const entriesOf = (batch: readonly WatchOutput[]): readonly Entry[] =>
  batch.flatMap((output) => (output.type === 'BOOKMARK' ? [] : [output.entry]));

/**
 * Starts a watch at the registry, after waiting for the version that its initial events need. Throws on invalid
 * options.
 */
export async function startWatch(exchange: Exchange, server: ServerContext, target: Target): Promise<StartedWatch> {
  const representation = representationFor(exchange, target);
  const options = listOptions(exchange);
  const { resourceVersion, sendInitialEvents } = options.watching;
  if (sendInitialEvents === true) await server.registry.untilFresh(resourceVersion);
  const form: FrameForm = { target, representation, includeObject: includeObjectParam(exchange.param('includeObject')) };
  const { apiGroup, apiVersion, resource } = exchange.info;
  const stream = new WatchStream(framesOf(server).of(form), {
    allowBookmarks: options.watching.allowBookmarks,
    onEvents: server.onEvents,
    onFrame: server.metrics.watchEventsOf(apiGroup, apiVersion, resource),
    onError: (error) => server.logger.error('A watch was ended: an error in sending its events', { error, path: exchange.path }),
    prepare: (batch) => server.served.prepare(target, entriesOf(batch)),
    failure: (error) =>
      framesOf(server).error(statusJson(toStatusError(error, server.logger, { watch: target.kind.resourceName })), representation),
  });
  const fault = faultOf(exchange, server, stream);
  const receiver = fault ?? stream;
  let failure: Uint8Array | undefined;
  try {
    const expired = strikeOf(exchange, 'expired');
    if (expired !== undefined) throw tooOld({ requested: Number(resourceVersion), compacted: expired.revision });
    stream.session = server.registry.watch(exchange, { ...target, name: '' }, options.watching, (batch) => receiver.push(batch));
  } catch (error) {
    if (!isEvent(error)) throw error;
    failure = framesOf(server).error(statusJson(error), representation);
  }
  return {
    contentType: representation.mediaType === 'application/json' ? 'application/json' : `${representation.mediaType};stream=watch`,
    connect: (sink) => {
      const ended = server.metrics.opened(exchange);
      let forget = (): void => undefined;
      stream.open(sink, () => {
        ended();
        forget();
        fault?.closed();
      });
      fault?.opened();
      if (failure !== undefined) stream.fail(failure);
      else if (!stream.closed) forget = server.watches.add(stream, target.kind.resourceName, timeoutMsOf(options));
    },
  };
}

function faultOf(exchange: Exchange, { clock }: ServerContext, stream: WatchStream): WatchFault | undefined {
  const strike = strikeOf(exchange, 'watch-close', 'watch-reset', 'watch-silence');
  return strike === undefined ? undefined : new WatchFault({ strike, stream, clock, node: exchange.node });
}

/** Answers a watch request on its own connection, HTTP/1.1 or HTTP/2. */
export async function handleWatch(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const watch = await startWatch(exchange, server, target);
  const headers = baseHeaders(exchange, watch.contentType);
  if (exchange.node !== undefined) {
    const warnings = exchange.warnings.map(warningHeader);
    watch.connect(nodeSink(exchange.node, warnings.length === 0 ? headers : { ...headers, Warning: warnings }));
    return alreadySent;
  }
  const { sink, body } = webSink();
  watch.connect(sink);
  return new Answer(200, headers, body);
}
