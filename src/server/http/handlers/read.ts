/** GET of one object and of lists. */
import { hasProtobuf } from '../../../api/schema/model-formats.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { ListAnswer, Target } from '../../registry/registry.ts';
import { servedSchema } from '../../registry/served-version.ts';
import { type Body, encodeEntry, encodeList } from '../encode/encode.ts';
import { includeObjectParam } from '../encode/table.ts';
import type { Exchange } from '../exchange.ts';
import { negotiate, type Offers, type Representation } from '../negotiation.ts';
import { listOptions } from '../options/list-options.ts';
import { boolParam, stringParam } from '../options/query-values.ts';
import { baseHeaders, respond } from '../respond.ts';
import type { ServerContext } from '../server-context.ts';

/** Chooses the representation for a target's own objects. */
export const negotiateFor = (exchange: Exchange, target: Target, offers: Offers = 'meta'): Representation =>
  negotiate({
    accept: exchange.accept,
    userAgent: exchange.userAgent,
    pretty: exchange.param('pretty'),
    offers,
    protobuf: () => hasProtobuf(servedSchema(target)),
  });

/** Reads from the query how to encode: `includeObject` of Tables. */
export const encodeContext = (exchange: Exchange, server: ServerContext) => ({
  codec: server.codec,
  columns: server.columns,
  served: server.served,
  now: server.clock.now(),
  includeObject: includeObjectParam(exchange.param('includeObject')),
});

/** Sends encoded bytes, which may be a promise. */
export function send(
  exchange: Exchange,
  status: number,
  representation: Representation,
  body: Body | Promise<Body>,
): Response | Promise<Response> {
  const headers = baseHeaders(exchange, representation.mediaType);
  return body instanceof Promise
    ? body.then((ready) => respond(exchange, status, ready, headers))
    : respond(exchange, status, body, headers);
}

export async function handleGet(exchange: Exchange, server: ServerContext, target: Target): Promise<Response> {
  const representation = negotiateFor(exchange, target);
  if (boolParam(exchange, 'export') === true) {
    throw statusErrors.badRequest('the export parameter, deprecated since v1.14, is no longer supported');
  }
  const context = encodeContext(exchange, server);
  const entry = await server.registry.get(exchange, target, { resourceVersion: stringParam(exchange, 'resourceVersion') });
  return send(exchange, 200, representation, encodeEntry(target, entry, representation, context));
}

export async function handleList(exchange: Exchange, server: ServerContext, target: Target): Promise<Response> {
  const representation = negotiateFor(exchange, target);
  const { list } = listOptions(exchange);
  const context = encodeContext(exchange, server);
  const answer = await server.registry.list(exchange, { ...target, name: '' }, list);
  return sendList(exchange, target, representation, answer, context);
}

export const sendList = (
  exchange: Exchange,
  target: Target,
  representation: Representation,
  answer: ListAnswer,
  context: ReturnType<typeof encodeContext>,
): Response | Promise<Response> => send(exchange, 200, representation, encodeList(target, answer, representation, context));
