/** Passes a resource request to the handler of its verb. */

import { isCustom } from '../../../api/kind.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { subresourcesIn } from '../../../api/subresource.ts';
import type { Target } from '../../registry/registry.ts';
import { servedBy } from '../../registry/served-version.ts';
import { resourceOf } from '../../registry/store-errors.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { connectQuery } from '../options/connect-query.ts';
import { proxyRequest } from '../proxy/proxy.ts';
import { requireAcceptable, requireConsumable, routeTypes } from '../route-rules.ts';
import type { ServerContext } from '../server-context.ts';
import { handleLog } from '../streaming/log-handler.ts';
import { streamOverPlainHttp } from '../streaming/upgrade-required.ts';
import { handleDelete, handleDeleteCollection } from './delete.ts';
import { handleGet, handleList } from './read.ts';
import { resolveTarget, resolveVirtual } from './resolve-target.ts';
import { handleOrder, handleStandIn } from './subresource.ts';
import { handleVirtual } from './virtual.ts';
import { handleWatch } from './watch.ts';
import { acceptedPatchTypes, handleCreate, handlePatch, handleUpdate, warnDeprecated } from './write.ts';

/**
 * Returns the answer, or undefined when the path's group version is not served. Below a served group version every path
 * is answered, as by upstream's router. Throws 404 and 405 with its messages.
 */
export async function handleResource(exchange: Exchange, server: ServerContext): Promise<Answer | undefined> {
  const response = await serveResource(exchange, server);
  if (response !== undefined) return response;
  if (server.discovery.serves(exchange.path.split('/').filter((part) => part !== ''))) throw statusErrors.noSuchResource();
  return undefined;
}

async function serveResource(exchange: Exchange, server: ServerContext): Promise<Answer | undefined> {
  const virtual = resolveVirtual(exchange, server);
  if (virtual !== undefined) return handleVirtual(exchange, server, virtual);
  const target = resolveTarget(exchange, server);
  if (target === undefined) return undefined;
  checkRoute(exchange, target);
  warnDeprecated(exchange, target);
  if (target.subresource !== '') return handleNamedSubresource(exchange, server, target);
  switch (exchange.info.verb) {
    case 'get':
      return server.deadlines.bound(handleGet(exchange, server, target), exchange.timeoutMs);
    case 'list':
      return handleList(exchange, server, target);
    case 'watch':
      return handleWatch(exchange, server, target);
    case 'create':
      if (exchange.info.name !== '' || !isOneCollection(target)) throw statusErrors.methodNotAllowed();
      return server.deadlines.bound(handleCreate(exchange, server, target), exchange.timeoutMs);
    case 'update':
      return server.deadlines.bound(handleUpdate(exchange, server, named(target)), exchange.timeoutMs);
    case 'patch':
      return server.deadlines.bound(handlePatch(exchange, server, named(target)), exchange.timeoutMs);
    case 'delete':
      return server.deadlines.bound(handleDelete(exchange, server, target), exchange.timeoutMs);
    case 'deletecollection':
      if (target.kind.delete?.collection === false || !isOneCollection(target)) throw statusErrors.methodNotAllowed();
      return handleDeleteCollection(exchange, server, target);
    default:
      throw statusErrors.methodNotAllowed();
  }
}

/**
 * Makes the checks that upstream's router makes before any handler runs. Connections are routed by their kind only, and
 * custom resources have no router.
 */
function checkRoute(exchange: Exchange, { kind, subresource, name }: Target): void {
  if (kind.subresources[subresource]?.does === 'connect' || isCustom(kind)) return;
  if (exchange.method === 'HEAD') throw statusErrors.methodNotAllowed();
  const { verb } = exchange.info;
  if (verb === 'patch' && name !== '') requireConsumable(exchange.header('content-type'), acceptedPatchTypes);
  const reads = verb === 'list' || verb === 'watch';
  requireAcceptable(exchange, subresource === 'log' ? routeTypes.log : reads ? routeTypes.collection : routeTypes.object);
}

/** False for a path such as `/api/v1/pods`, which spans all namespaces and can only be read. */
const isOneCollection = ({ kind, namespace }: Target): boolean => kind.scope === 'Cluster' || namespace !== '';

/** PUT and PATCH need a name in the path. */
function named(target: Target): Target {
  if (target.name === '') throw statusErrors.methodNotAllowed();
  return target;
}

async function handleNamedSubresource(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer | undefined> {
  const { subresource, kind } = target;
  const { verb, rest } = exchange.info;
  const declared = subresourcesIn(kind, servedBy(target))[subresource];
  if (declared === undefined && isCustom(kind)) throw statusErrors.notFound(resourceOf(target), target.name);
  if (declared === undefined || target.name === '') return undefined;
  if (rest.length > 0 && !(declared.does === 'connect' && declared.to === 'server')) return undefined;
  if (subresource !== 'proxy' && !declared.verbs.some((served) => served === verb)) throw statusErrors.methodNotAllowed();
  switch (declared.does) {
    case 'connect':
      await server.registry.connect(exchange, target, connectQuery(exchange, declared));
      return declared.to === 'server' ? proxyRequest(exchange, server, target) : streamOverPlainHttp(exchange, server, target, declared.to);
    case 'read':
      return handleLog(exchange, server, target);
    case 'create':
      return server.deadlines.bound(handleOrder(exchange, server, target, declared.body), exchange.timeoutMs);
    case 'stand-in':
      return server.deadlines.bound(handleStandIn(exchange, server, target, declared.body), exchange.timeoutMs);
    case 'update':
      if (verb === 'get') return server.deadlines.bound(handleGet(exchange, server, target), exchange.timeoutMs);
      if (verb === 'update') return server.deadlines.bound(handleUpdate(exchange, server, target), exchange.timeoutMs);
      return server.deadlines.bound(handlePatch(exchange, server, target), exchange.timeoutMs);
  }
}
