/**
 * Handles sub-resources whose body is another type than the object: stand-ins (scale), and bodies that are only created
 * (binding, eviction, token).
 */

import type { JsonObject } from '../../../api/json.ts';
import { apiVersionOf } from '../../../api/kind.ts';
import { standInKind } from '../../../api/kinds/stand-ins.ts';
import type { GroupVersionKind } from '../../../api/object.ts';
import type { Body, OrderCode, Target } from '../../registry/registry.ts';
import type { Entry } from '../../store/store.ts';
import type { Answer } from '../answer.ts';
import { decodeBody, inputType, readBody } from '../body.ts';
import { encodeEntry, encodeObject } from '../encode/encode.ts';
import type { Exchange } from '../exchange.ts';
import { negotiate, type Offers, type Representation } from '../negotiation.ts';
import { forceParam, mutateOptions } from '../options/mutate-options.ts';
import type { ServerContext } from '../server-context.ts';
import { encodeContext, send } from './read.ts';
import { patchBody, patchTypeOf } from './write.ts';

/** Chooses the representation of answers that are plain objects of a known type. */
const negotiateType = (
  exchange: Exchange,
  server: ServerContext,
  { group, version, kind }: GroupVersionKind,
  offers: Offers = 'none',
): Representation =>
  negotiate({
    accept: exchange.accept,
    userAgent: exchange.userAgent,
    pretty: exchange.param('pretty'),
    offers,
    protobuf: () => server.codec.supports(apiVersionOf(group, version), kind),
  });

const sendObject = (exchange: Exchange, server: ServerContext, status: number, representation: Representation, object: JsonObject) =>
  send(exchange, status, representation, encodeObject(object, representation, server.codec));

async function bodyOf(exchange: Exchange, server: ServerContext, { group, version, kind }: GroupVersionKind): Promise<Body> {
  const type = { apiVersion: apiVersionOf(group, version), kind };
  const input = inputType(exchange.header('content-type'), () => server.codec.supports(type.apiVersion, kind));
  const body = await decodeBody(await readBody(exchange), { type: input, codec: server.codec, yaml: server.yaml, ...type });
  exchange.audit?.request(body.json);
  return body;
}

/** GET, PUT and PATCH of a stand-in for an object. */
export async function handleStandIn(exchange: Exchange, server: ServerContext, target: Target, type: GroupVersionKind): Promise<Answer> {
  const shown = { kind: standInKind(type) };
  const representation = negotiateType(exchange, server, type, 'meta');
  const context = encodeContext(exchange, server);
  const entry = await standIn(exchange, server, target, type);
  return send(exchange, 200, representation, encodeEntry(shown, entry, representation, context));
}

async function standIn(exchange: Exchange, server: ServerContext, target: Target, type: GroupVersionKind): Promise<Entry> {
  const { registry } = server;
  switch (exchange.info.verb) {
    case 'update': {
      const options = mutateOptions(exchange, 'UpdateOptions');
      return (await registry.update(exchange, target, await bodyOf(exchange, server, type), options)).entry;
    }
    case 'patch': {
      const patchType = patchTypeOf(exchange.header('content-type'), () => true);
      const { json: body, strictErrors = [] } = await patchBody(exchange, server, patchType);
      exchange.audit?.request(body);
      const options = mutateOptions(exchange, 'PatchOptions', patchType);
      const patch = { type: patchType, body, force: forceParam(exchange), strictErrors };
      return (await registry.patch(exchange, target, patch, options)).entry;
    }
    default:
      return registry.get(exchange, target, { resourceVersion: '' });
  }
}

/** POST of a sub-resource that only takes creates. `carryOut`: see `Registry.order`. */
export async function handleOrder(
  exchange: Exchange,
  server: ServerContext,
  target: Target,
  type: GroupVersionKind,
  carryOut?: OrderCode,
): Promise<Answer> {
  const representation = negotiateType(exchange, server, type);
  const options = mutateOptions(exchange, 'CreateOptions');
  const body = await bodyOf(exchange, server, type);
  const answer = await server.registry.order(exchange, target, body, options, carryOut);
  if (answer.kind === 'Status') exchange.audit?.outcome(answer);
  return sendObject(exchange, server, 201, representation, answer);
}
