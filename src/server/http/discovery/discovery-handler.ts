/** Serves `/api`, `/apis` and the other paths above resources. */

import { statusErrors } from '../../../api/status-error.ts';
import { Answer } from '../answer.ts';
import { encodeObject } from '../encode/encode.ts';
import type { Exchange } from '../exchange.ts';
import { negotiate } from '../negotiation.ts';
import { baseHeaders, respond } from '../respond.ts';
import { requireReadable, routeTypes } from '../route-rules.ts';
import type { ServerContext } from '../server-context.ts';

const matches = (header: string, etag: string): boolean =>
  header !== '' && header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);

/** Returns the answer, or undefined when nothing is served at the path. */
export async function handleDiscovery(exchange: Exchange, server: ServerContext): Promise<Answer | undefined> {
  const parts = exchange.path.split('/').filter((part) => part !== '');
  const [prefix = ''] = parts;
  const top = parts.length === 1;
  const object = server.discovery.legacy(parts);
  if (object === undefined) {
    // In upstream, the router of a served version answers all paths below it, even unknown ones.
    if (server.discovery.serves(parts)) throw statusErrors.noSuchResource();
    return undefined;
  }
  requireReadable(exchange, routeTypes.object, routeTypes.object);
  const representation = negotiate({
    accept: exchange.accept,
    userAgent: exchange.userAgent,
    pretty: exchange.param('pretty'),
    offers: top ? 'discovery' : 'none',
    protobuf: () => true,
  });
  const headers: Record<string, string> = { ...baseHeaders(exchange, representation.mediaType), ...(top ? { Vary: 'Accept' } : {}) };
  if (representation.transform === 'APIGroupDiscoveryList') {
    const version = representation.transformVersion;
    const { object: aggregated, etag } = server.discovery.aggregated(prefix, version);
    headers['Content-Type'] = `${representation.mediaType};g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    headers.Etag = etag;
    if (matches(exchange.header('if-none-match'), etag)) return new Answer(304, headers);
    return respond(exchange, 200, await encodeObject(aggregated, representation, server.codec), headers);
  }
  return respond(exchange, 200, await encodeObject(object, representation, server.codec), headers);
}
