/** Where a proxy request goes: `[scheme:]name[:port]` of a pod or service. Source: pkg/registry/core/{pod,service}/…/ResourceLocation. */
import { BlockList, isIP } from 'node:net';
import { hostPort } from '../../../api/go-dial-error.ts';
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

/** `host:port`, with brackets around IPv6 addresses. */
export const authorityOf = ({ host, port }: Backend): string => hostPort(host, port);

/** The parts of `name`, `name:port`, `scheme:name:port`. Throws 400. */
export function splitProxyName(
  text: string,
  kind = 'service',
): { readonly scheme: 'http' | 'https'; readonly name: string; readonly port: string } {
  const parts = text.split(':');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1) return { scheme: 'http', name: first, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: first, port: second };
  if (parts.length === 3 && (first === '' || first === 'http' || first === 'https'))
    return { scheme: first === 'https' ? 'https' : 'http', name: second, port: third };
  throw statusErrors.badRequest(`invalid ${kind} request ${JSON.stringify(text)}`);
}

const list = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);

/** Loopback, link-local, multicast and unspecified addresses are not to be reached through the API server. Source: pkg/proxy/util/utils.go, IsProxyableIP. */
export function isProxyable(host: string): boolean {
  return isIP(host) !== 0 && !unproxyable.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

const unproxyable = new BlockList();
for (const [net, prefix] of [
  ['0.0.0.0', 32],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 4],
] as const)
  unproxyable.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  unproxyable.addSubnet(net, prefix, 'ipv6');

/** The object as JSON; stored objects are JSON by construction. */
async function read(context: RequestContext, server: ServerContext, target: Target): Promise<JsonValue> {
  const entry = await server.registry.get(context, target, { resourceVersion: '' });
  return entry.object as unknown as JsonValue;
}

async function podBackend(context: RequestContext, server: ServerContext, target: Target): Promise<Backend> {
  const { scheme, name, port } = splitProxyName(target.name, 'pod');
  const pod = await read(context, server, { ...target, name, subresource: '' });
  const ip = memberText(pod, 'status', 'podIP');
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

/** A port of a node; its kubelet's unless another is named. */
async function nodeBackend(
  context: RequestContext,
  server: ServerContext,
  target: Target,
): Promise<Backend & { readonly kubelet?: string }> {
  const { scheme, name, port } = splitProxyName(target.name, 'node');
  const node = await read(context, server, { ...target, name, subresource: '' });
  const addresses = list(member(node, 'status', 'addresses'));
  const host = memberText(addresses.find((address) => memberText(address, 'type') === 'InternalIP') ?? null, 'address');
  const kubeletPort = Number(member(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port') ?? 0);
  const number = port === '' ? kubeletPort : Number(port);
  if (number === kubeletPort) return { scheme: 'https', host, port: number, kubelet: name };
  return { scheme, host, port: number };
}

const locate = { pods: podBackend, services: serviceBackend, nodes: nodeBackend } as const;

/** Finds the backend of a proxy request; `kubelet` is set when it is a node's own API, which is asked in process. Throws 404, 400 and 503. */
export async function resolveBackend(
  context: RequestContext,
  server: ServerContext,
  target: Target,
): Promise<Backend & { readonly kubelet?: string }> {
  const { plural } = target.kind;
  if (plural !== 'pods' && plural !== 'services' && plural !== 'nodes') throw statusErrors.methodNotAllowed();
  const backend: Backend & { readonly kubelet?: string } = await locate[plural](context, server, target);
  if (backend.kubelet !== undefined) return backend;
  if (!server.podsAreReachable)
    throw statusErrors.serviceUnavailable(
      `error trying to reach service: dial tcp ${authorityOf(backend)}: connect: network is unreachable`,
    );
  if (!server.mayProxyTo(backend.host)) throw statusErrors.badRequest('address not allowed');
  return backend;
}
