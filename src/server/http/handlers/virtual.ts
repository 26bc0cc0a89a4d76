/** GET and POST of virtual resources. */

import type { JsonObject } from '../../../api/json.ts';
import type { KubeObject } from '../../../api/object.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { ListAnswer, Target } from '../../registry/registry.ts';
import type { Entry } from '../../store/store.ts';
import type { Answer } from '../answer.ts';
import { encodeEntry } from '../encode/encode.ts';
import type { Exchange } from '../exchange.ts';
import type { Representation } from '../negotiation.ts';
import { listOptions } from '../options/list-options.ts';
import { requireAcceptable, routeTypes } from '../route-rules.ts';
import type { ServerContext } from '../server-context.ts';
import type { VirtualResource } from '../virtual/virtual-resource.ts';
import { encodeContext, negotiateFor, send, sendList } from './read.ts';
import { handleOrder } from './subresource.ts';

/** Gives a computed object the shape of a stored one, so that it is encoded in the same way. */
function entryOf(object: JsonObject, target: Target): Entry {
  // Virtual objects have apiVersion, kind and metadata.name, but none of the other stored metadata.
  const stored = object as unknown as KubeObject;
  return {
    key: `${target.kind.resourceName}//${stored.metadata.name}`,
    object: stored,
    bytes: Buffer.from(JSON.stringify(object)),
    revision: 0,
  };
}

const answerOf = (entries: readonly Entry[]): ListAnswer => ({ entries, resourceVersion: '', continue: '', remainingItemCount: undefined });

/** Answers from a resource that chooses by itself. */
async function query(
  exchange: Exchange,
  target: Target,
  find: NonNullable<VirtualResource['query']>,
  { representation, context }: { readonly representation: Representation; readonly context: ReturnType<typeof encodeContext> },
): Promise<Answer> {
  const { namespace, name } = target;
  if (exchange.info.verb === 'list') {
    const { labelSelector, fieldSelector } = listOptions(exchange).list;
    const found = await find({ namespace, name: undefined, labelSelector, fieldSelector });
    return sendList(exchange, target, representation, answerOf(found.map((object) => entryOf(object, target))), context);
  }
  const [object] = await find({ namespace, name, labelSelector: '', fieldSelector: '' });
  if (object === undefined) throw statusErrors.notFound({ group: target.kind.group, resource: target.kind.plural }, name);
  return send(exchange, 200, representation, encodeEntry(target, entryOf(object, target), representation, context));
}

async function read(exchange: Exchange, server: ServerContext, target: Target, resource: VirtualResource): Promise<Answer> {
  const representation = negotiateFor(exchange, target);
  const context = encodeContext(exchange, server);
  if (resource.query !== undefined) return query(exchange, target, resource.query, { representation, context });
  const entries = ((await resource.list?.(exchange)) ?? []).map((object) => entryOf(object, target));
  if (exchange.info.verb === 'list') {
    const { list } = listOptions(exchange);
    const name = /^metadata\.name==?(.+)$/.exec(list.fieldSelector)?.[1];
    const chosen = name === undefined ? entries : entries.filter(({ object }) => object.metadata.name === name);
    return sendList(exchange, target, representation, answerOf(chosen), context);
  }
  const entry = entries.find(({ object }) => object.metadata.name === target.name);
  if (entry === undefined) {
    // Upstream names the singular here. Source: pkg/registry/core/componentstatus/rest.go.
    throw statusErrors.notFound({ group: target.kind.group, resource: target.kind.names.singular }, target.name);
  }
  return send(exchange, 200, representation, encodeEntry(target, entry, representation, context));
}

export async function handleVirtual(exchange: Exchange, server: ServerContext, resource: VirtualResource): Promise<Answer> {
  const { kind, verbs } = resource;
  const { verb, name, namespace } = exchange.info;
  if (exchange.method === 'HEAD' || !verbs.some((allowed) => allowed === verb)) throw statusErrors.methodNotAllowed();
  requireAcceptable(exchange, verb === 'list' ? routeTypes.collection : routeTypes.object);
  if (verb !== 'create') return read(exchange, server, { kind, namespace, name, subresource: '' }, resource);
  const { create } = resource;
  const target = { kind, namespace, name: '', subresource: '' };
  return handleOrder(exchange, server, target, kind, create === undefined ? undefined : (order) => create(exchange, order));
}
