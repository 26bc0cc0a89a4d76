/** Finds the target that a resource path names. */
import type { AnyKind } from '../../../api/kind.ts';
import type { Target } from '../../registry/registry.ts';
import type { Exchange } from '../exchange.ts';
import type { ServerContext } from '../server-context.ts';
import type { VirtualResource } from '../virtual/virtual-resource.ts';

/** The target of a request, undefined when nothing is served at its path. */
export function resolveTarget(exchange: Exchange, server: ServerContext): Target | undefined {
  const { info } = exchange;
  const kind = server.registry.kinds.byResource(info.apiGroup, info.apiVersion, info.resource);
  if (kind === undefined || !fitsScope(kind, exchange)) return undefined;
  const stored = kind.group === info.apiGroup && kind.version === info.apiVersion;
  return {
    kind,
    ...(stored ? {} : { served: { group: info.apiGroup, version: info.apiVersion } }),
    namespace: kind.scope === 'Namespaced' ? info.namespace : '',
    name: info.name,
    subresource: info.subresource,
  };
}

/** Upstream has no paths such as `/api/v1/pods/x` and `/api/v1/namespaces/a/nodes`. */
function fitsScope(kind: AnyKind, { info }: Exchange): boolean {
  if (kind.scope === 'Namespaced') return info.namespace !== '' || info.name === '' || info.verb === 'list' || info.verb === 'watch';
  return info.namespace === '' || (info.resource === 'namespaces' && info.apiGroup === '');
}

export function resolveVirtual(exchange: Exchange, server: ServerContext): VirtualResource | undefined {
  const { apiGroup, apiVersion, resource } = exchange.info;
  return server.virtualResources.find(
    ({ kind }) => kind.group === apiGroup && kind.version === apiVersion && kind.plural === resource && fitsScope(kind, exchange),
  );
}
