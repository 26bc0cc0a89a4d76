/** Where a proxy request goes: `[scheme:]name[:port]` of a pod or service. Source: pkg/registry/core/{pod,service}/…/ResourceLocation. */
import type { JsonValue } from '../../../api/json.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { RequestContext, Target } from '../../registry/registry.ts';
import type { ServerContext } from '../server-context.ts';
import { member, memberText } from '../virtual/json-members.ts';

export interface Backend {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** The parts of `name`, `name:port`, `scheme:name:port`. Throws 400. */
export function splitProxyName(text: string): { readonly scheme: 'http' | 'https'; readonly name: string; readonly port: string } {
  const parts = text.split(':');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1) return { scheme: 'http', name: first, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: first, port: second };
  if (parts.length === 3 && (first === '' || first === 'http' || first === 'https'))
    return { scheme: first === 'https' ? 'https' : 'http', name: second, port: third };
  throw statusErrors.badRequest(`invalid service request ${JSON.stringify(text)}`);
}

const list = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);

/** The object as JSON; stored objects are JSON by construction. */
async function read(context: RequestContext, server: ServerContext, target: Target): Promise<JsonValue> {
  const entry = await server.registry.get(context, target, { resourceVersion: '' });
  return entry.object as unknown as JsonValue;
}

async function podBackend(context: RequestContext, server: ServerContext, target: Target): Promise<Backend> {
  const { scheme, name, port } = splitProxyName(target.name);
  const pod = await read(context, server, { ...target, name, subresource: '' });
  const ip = memberText(pod, 'status', 'podIP');
  if (ip === '') throw statusErrors.serviceUnavailable(`address not allowed`);
  const ports = list(member(pod, 'spec', 'containers')).flatMap((container) => list(member(container, 'ports')));
  const named = port === '' ? ports[0] : ports.find((item) => memberText(item, 'name') === port);
  const number = /^\d+$/.test(port) ? Number(port) : member(named, 'containerPort');
  return { scheme, host: ip, port: typeof number === 'number' ? number : scheme === 'https' ? 443 : 80 };
}

/** The service's port by name, number or, when it is the only one, by nothing. */
function servicePort(service: JsonValue, port: string): JsonValue | undefined {
  const ports = list(member(service, 'spec', 'ports'));
  if (port === '') return ports.length === 1 ? ports[0] : ports.find((item) => memberText(item, 'name') === '');
  return ports.find((item) => memberText(item, 'name') === port || String(member(item, 'port')) === port);
}

async function serviceBackend(context: RequestContext, server: ServerContext, target: Target): Promise<Backend> {
  const { scheme, name, port } = splitProxyName(target.name);
  const service = await read(context, server, { ...target, name, subresource: '' });
  const chosen = servicePort(service, port);
  if (chosen === undefined)
    throw statusErrors.serviceUnavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`);
  const kind = server.registry.kinds.byResource('', 'v1', 'endpoints');
  const none = statusErrors.serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  if (kind === undefined) throw none;
  const endpoints = await read(context, server, { kind, namespace: target.namespace, name, subresource: '' });
  const candidates = list(member(endpoints, 'subsets')).flatMap((subset) => {
    const match = list(member(subset, 'ports')).find((item) => memberText(item, 'name') === memberText(chosen, 'name'));
    const number = member(match, 'port');
    return typeof number === 'number'
      ? list(member(subset, 'addresses')).map((address) => ({ host: memberText(address, 'ip'), port: number }))
      : [];
  });
  const backend = candidates[Math.floor(Math.random() * candidates.length)];
  if (backend === undefined) throw none;
  return { scheme, ...backend };
}

/** Finds the backend of a pod or service proxy request. Throws 404 and 503. */
export async function resolveBackend(context: RequestContext, server: ServerContext, target: Target): Promise<Backend> {
  if (target.kind.plural === 'pods') return podBackend(context, server, target);
  if (target.kind.plural === 'services') return serviceBackend(context, server, target);
  throw statusErrors.serviceUnavailable(`proxy to ${target.kind.plural} is not served`);
}
