/** Sub-resources whose body is an object of its own: scale, binding, eviction, token. */
import type { JsonObject } from '../../../api/json.ts';
import { apiVersionOf } from '../../../api/kind.ts';
import type { Target } from '../../registry/registry.ts';
import { decodeBody, inputType, readBody } from '../body.ts';
import { subresourceType } from '../discovery/subresource-info.ts';
import { encodeObject } from '../encode/encode.ts';
import type { Exchange } from '../exchange.ts';
import { negotiate, type Representation } from '../negotiation.ts';
import { forceParam, mutateOptions } from '../options/mutate-options.ts';
import type { ServerContext } from '../server-context.ts';
import { send } from './read.ts';
import { patchBody, patchTypeOf } from './write.ts';

/** The type that a sub-resource speaks. */
function typeOf({ kind: owner, served, subresource }: Target): { readonly apiVersion: string; readonly kind: string } {
  const { group, version, kind } = subresourceType(owner, subresource, served?.group ?? owner.group, served?.version ?? owner.version);
  return { apiVersion: apiVersionOf(group, version), kind };
}

/** The representation of answers that are plain objects of a known type. */
export const negotiateType = (
  exchange: Exchange,
  server: ServerContext,
  type: { readonly apiVersion: string; readonly kind: string },
): Representation =>
  negotiate({
    accept: exchange.accept,
    userAgent: exchange.userAgent,
    pretty: exchange.param('pretty'),
    offers: 'none',
    protobuf: () => server.codec.supports(type.apiVersion, type.kind),
  });

export const sendObject = (exchange: Exchange, server: ServerContext, status: number, representation: Representation, object: JsonObject) =>
  send(exchange, status, representation, encodeObject(object, representation, server.codec));

export async function handleSubresource(
  exchange: Exchange,
  server: ServerContext,
  target: Target,
  verb: 'get' | 'create' | 'update' | 'patch',
): Promise<Response> {
  const type = typeOf(target);
  const representation = negotiateType(exchange, server, type);
  const { registry } = server;
  if (verb === 'get') {
    const options = { dryRun: false, fieldManager: '', fieldValidation: 'Ignore' } as const;
    return sendObject(exchange, server, 200, representation, await registry.subresource(exchange, target, 'get', undefined, options));
  }
  if (verb === 'patch') {
    const patchType = patchTypeOf(exchange.header('content-type'), () => true);
    const { json: patch } = await patchBody(exchange, patchType);
    const options = mutateOptions(exchange, 'PatchOptions', patchType);
    const body = { type: patchType, body: patch, force: forceParam(exchange) };
    return sendObject(exchange, server, 200, representation, await registry.subresource(exchange, target, 'patch', body, options));
  }
  const options = mutateOptions(exchange, verb === 'create' ? 'CreateOptions' : 'UpdateOptions');
  const input = inputType(exchange.header('content-type'), () => server.codec.supports(type.apiVersion, type.kind));
  const { json } = await decodeBody(await readBody(exchange), { type: input, codec: server.codec, ...type });
  const answer = await registry.subresource(exchange, target, verb, json, options);
  return sendObject(exchange, server, verb === 'create' ? 201 : 200, representation, answer);
}
