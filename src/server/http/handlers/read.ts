/** GET of one object and of lists. */

import { hasProtobuf } from '../../../api/schema/model-formats.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { decodeContinue, expiredContinue, expiredList } from '../../registry/continue-token.ts';
import { prefixOf } from '../../registry/list.ts';
import type { ListAnswer, ListRequest, Target } from '../../registry/registry.ts';
import { servedSchema } from '../../registry/served-version.ts';
import { resourceOf } from '../../registry/store-errors.ts';
import type { Entry } from '../../store/store.ts';
import type { Answer } from '../answer.ts';
import { type Body, encodeEntry, encodeList } from '../encode/encode.ts';
import { includeObjectParam } from '../encode/table.ts';
import type { Exchange } from '../exchange.ts';
import type { Strike } from '../faults/fault-source.ts';
import { strikeOf } from '../faults/request-faults.ts';
import { negotiate, type Offers, type Representation } from '../negotiation.ts';
import { emptyList, listOptions } from '../options/list-options.ts';
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
  now: server.now(),
  includeObject: includeObjectParam(exchange.param('includeObject')),
});

/** Sends encoded bytes, which may be a promise. */
export function send(
  exchange: Exchange,
  status: number,
  representation: Representation,
  body: Body | Promise<Body>,
): Answer | Promise<Answer> {
  const headers = baseHeaders(exchange, representation.mediaType);
  return body instanceof Promise
    ? body.then((ready) => respond(exchange, status, ready, headers))
    : respond(exchange, status, body, headers);
}

export async function handleGet(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const representation = negotiateFor(exchange, target);
  if (boolParam(exchange, 'export') === true) {
    throw statusErrors.badRequest('the export parameter, deprecated since v1.14, is no longer supported');
  }
  const context = encodeContext(exchange, server);
  const resourceVersion = stringParam(exchange, 'resourceVersion');
  const stale = strikeOf(exchange, 'stale-read');
  const entry =
    stale === undefined
      ? await server.registry.get(exchange, target, { resourceVersion })
      : await pastEntry(exchange, server, target, pastVersion(stale, resourceVersion));
  return send(exchange, 200, representation, encodeEntry(target, entry, representation, context));
}

/** The version of a read that is to be stale: not older than what is asked for, as of a server that lags behind. */
const pastVersion = ({ revision }: Strike, wanted: string): string =>
  String(/^\d+$/.test(wanted) ? Math.max(revision, Number(wanted)) : revision);

async function pastEntry(exchange: Exchange, server: ServerContext, target: Target, resourceVersion: string): Promise<Entry> {
  const { entries } = await server.registry.list(
    exchange,
    { ...target, name: '', subresource: '' },
    { ...emptyList, fieldSelector: `metadata.name=${target.name}`, resourceVersion, resourceVersionMatch: 'Exact' },
  );
  const [entry] = entries;
  if (entry === undefined) throw statusErrors.notFound(resourceOf(target), target.name);
  return entry;
}

/** What is listed when faults strike. Throws 410. */
function struckList(exchange: Exchange, target: Target, list: ListRequest): ListRequest {
  if (strikeOf(exchange, 'expired') !== undefined) {
    const prefix = prefixOf(target);
    throw list.continue === '' ? expiredList() : expiredContinue(decodeContinue(list.continue, prefix).after, prefix);
  }
  const stale = strikeOf(exchange, 'stale-read');
  if (stale === undefined) return list;
  return { ...list, resourceVersion: pastVersion(stale, list.resourceVersion), resourceVersionMatch: 'Exact' };
}

export async function handleList(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const representation = negotiateFor(exchange, target);
  const { list } = listOptions(exchange);
  const context = encodeContext(exchange, server);
  const answer = await server.registry.list(exchange, { ...target, name: '' }, struckList(exchange, target, list));
  return sendList(exchange, target, representation, answer, context);
}

export const sendList = (
  exchange: Exchange,
  target: Target,
  representation: Representation,
  answer: ListAnswer,
  context: ReturnType<typeof encodeContext>,
): Answer | Promise<Answer> => send(exchange, 200, representation, encodeList(target, answer, representation, context));
