/**
 * Finds the backend of a proxy request: `[scheme:]name[:port]` of a pod or service. Source:
 * pkg/registry/core/{pod,service}/…/ResourceLocation.
 */
import { Agent } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { errorText } from '../../../api/error-text.ts';
import { hostPort } from '../../../api/go-dial-error.ts';
import type { JsonValue } from '../../../api/json.ts';
import type { ObjectRef } from '../../../api/object.ts';
import { isNotFound, statusErrors } from '../../../api/status-error.ts';
import type { RequestContext, Target } from '../../registry/registry.ts';
import type { ServerContext } from '../server-context.ts';
import { member, memberText } from '../virtual/json-members.ts';

export interface Backend {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** A backend that has been found. */
export interface FoundBackend extends Backend {
  /** The node whose own API is meant: it is called in this process. */
  readonly kubelet?: string;
  /** A connection of its own, where the backend's address exists on no network. */
  readonly agent?: Agent;
}

/** A backend that is a pod's. */
interface PodBackend extends Backend {
  readonly pod: ObjectRef;
}

/** `host:port`, with brackets around IPv6 addresses. */
export const authorityOf = ({ host, port }: Backend): string => hostPort(host, port);

/** Splits `name`, `name:port` or `scheme:name:port`. Throws 400. */
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

/**
 * False for loopback, link-local, multicast and unspecified addresses, to which the API server does not connect.
 * Source: pkg/proxy/util/utils.go, IsProxyableIP.
 */
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

async function podBackend(context: RequestContext, server: ServerContext, target: Target): Promise<PodBackend> {
  const { scheme, name, port } = splitProxyName(target.name, 'pod');
  const object = await read(context, server, { ...target, name, subresource: '' });
  const ip = memberText(object, 'status', 'podIP');
  const ports = list(member(object, 'spec', 'containers')).flatMap((container) => list(member(container, 'ports')));
  const named = port === '' ? ports[0] : ports.find((item) => memberText(item, 'name') === port);
  const number = /^\d+$/.test(port) ? Number(port) : member(named, 'containerPort');
  const pod = { namespace: target.namespace, name };
  return { scheme, host: ip, port: typeof number === 'number' ? number : scheme === 'https' ? 443 : 80, pod };
}

/**
 * The name of the port that a request selects; a number selects the declared port with that number. Throws 404 and 503.
 */
async function portNameOf(context: RequestContext, server: ServerContext, target: Target, port: string): Promise<string> {
  if (!/^\d+$/.test(port)) return port;
  const service = await read(context, server, target);
  const declared = list(member(service, 'spec', 'ports')).find((item) => member(item, 'port') === Number(port));
  if (declared === undefined)
    throw statusErrors.serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(target.name)}`);
  return memberText(declared, 'name');
}

/** Whether an endpoint address belongs to the pod that it names, in the namespace. Source: isValidAddress. */
async function isPodAddress(context: RequestContext, server: ServerContext, address: JsonValue, namespace: string): Promise<boolean> {
  const kind = server.registry.kinds.byResource('', 'v1', 'pods');
  const reference = member(address, 'targetRef');
  if (kind === undefined || memberText(reference, 'kind') !== 'Pod') return false;
  if (memberText(reference, 'namespace') !== namespace) return false;
  const target = { kind, namespace, name: memberText(reference, 'name'), subresource: '' };
  const pod = await read(context, server, target).catch(() => undefined);
  return list(member(pod, 'status', 'podIPs')).some((item) => memberText(item, 'ip') === memberText(address, 'ip'));
}

/** The backend of a service. Source: pkg/registry/core/service/storage/storage.go, ResourceLocation. */
async function serviceBackend(context: RequestContext, server: ServerContext, target: Target): Promise<PodBackend> {
  const { scheme, name, port } = splitProxyName(target.name);
  const service = { ...target, name, subresource: '' };
  const portName = await portNameOf(context, server, service, port);
  const kind = server.registry.kinds.byResource('', 'v1', 'endpoints');
  const endpoints = kind === undefined ? undefined : await read(context, server, { ...service, kind }).catch(asMissingService(name));
  const subsets = list(member(endpoints, 'subsets'));
  if (subsets.length === 0) throw statusErrors.serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  const candidates = subsets.flatMap((subset) => {
    const number = member(
      list(member(subset, 'ports')).find((item) => memberText(item, 'name') === portName),
      'port',
    );
    return typeof number === 'number' ? list(member(subset, 'addresses')).map((address) => ({ address, number })) : [];
  });
  // Starts at a random address, so that requests are spread.
  const first = Math.floor(Math.random() * candidates.length);
  for (const { address, number } of [...candidates.slice(first), ...candidates.slice(0, first)]) {
    if (!(await isPodAddress(context, server, address, target.namespace))) continue;
    const pod = { namespace: target.namespace, name: memberText(member(address, 'targetRef'), 'name') };
    return { scheme, host: memberText(address, 'ip'), port: number, pod };
  }
  throw statusErrors.serviceUnavailable(`no endpoints available for service ${JSON.stringify(target.name)}`);
}

/** Reports missing Endpoints as a missing service. */
const asMissingService =
  (name: string) =>
  (error: unknown): never => {
    throw isNotFound(error) ? statusErrors.notFound({ group: '', resource: 'services' }, name) : error;
  };

/** A port of a node; the kubelet's unless the request names another. */
async function nodeBackend(context: RequestContext, server: ServerContext, target: Target): Promise<FoundBackend> {
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

/**
 * Connects to a pod whose address exists on no network, as soon as a request is sent. Its programs speak no TLS, so
 * that requests to them are plain ones.
 */
function throughRuntime({ podStreams }: ServerContext, { host, port, pod }: PodBackend): FoundBackend {
  const createConnection: Agent['createConnection'] = (_options, done) => {
    podStreams.portForward(pod, port).then(
      (connection) => done?.(null, connection),
      // The callback's type does not say that there is no connection when there is an error.
      (error: unknown) => (done as ((error: Error) => void) | undefined)?.(dialFailure(error)),
    );
    return undefined;
  };
  return { scheme: 'http', host, port, agent: Object.assign(new Agent(), { createConnection }) };
}

/** An error of the runtime as that of a connection over a network. */
function dialFailure(cause: unknown): Error {
  const code = /connection refused/.test(errorText(cause)) ? 'ECONNREFUSED' : 'EHOSTUNREACH';
  return Object.assign(new Error(`connect ${code}`, { cause }), { code });
}

/** Finds the backend of a proxy request. Throws 404, 400 and 503. */
export async function resolveBackend(context: RequestContext, server: ServerContext, target: Target): Promise<FoundBackend> {
  const { plural } = target.kind;
  if (plural !== 'pods' && plural !== 'services' && plural !== 'nodes') throw statusErrors.methodNotAllowed();
  const backend: FoundBackend & Partial<PodBackend> = await locate[plural](context, server, target);
  if (backend.kubelet !== undefined) return backend;
  if (server.podsAreReachable) {
    if (!server.mayProxyTo(backend.host)) throw statusErrors.badRequest('address not allowed');
    return backend;
  }
  const { pod } = backend;
  if (pod !== undefined) return throughRuntime(server, { ...backend, pod });
  throw statusErrors.serviceUnavailable(`error trying to reach service: dial tcp ${authorityOf(backend)}: connect: network is unreachable`);
}
