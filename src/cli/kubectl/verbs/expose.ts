/**
 * `kubectl expose`. Source: kubectl pkg/cmd/expose/expose.go;
 * pkg/polymorphichelpers/{canbeexposed,mapbasedselectorforobject,portsforobject,protocolsforobject}.go.
 */
import type { JsonObject } from '../../../api/json.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import { parseLabelList } from '../command/pairs.ts';
import type { ApiObject } from '../command/session.ts';
import { groupKind, traitsOf } from '../kinds/kinds.ts';
import { valueAt } from '../kinds/pod-spec.ts';
import { unregistered } from '../kinds/registered.ts';
import { type Info, visitInfos } from '../resources/infos.ts';
import { atoi, compact } from '../writing/generator.ts';
import { createGenerated, overrideFlags } from '../writing/overrides.ts';
import { filenameFlags, recordFlag, saveConfigFlag, writeFlags } from '../writing/write-flags.ts';
import { Writer } from '../writing/writing.ts';

interface ContainerPort {
  readonly containerPort: number;
  readonly protocol?: string;
}

interface PortsOfPods {
  readonly containers?: readonly { readonly ports?: readonly ContainerPort[] }[];
}

interface PortsOfService {
  readonly ports?: readonly { readonly port: number; readonly protocol?: string }[];
}

/**
 * The labels that the Service is to select. Throws CommandError for kinds without pods, and for objects without a
 * selector.
 */
function selectorOf({ resource, object }: Info, asked: string): Readonly<Record<string, string>> {
  const traits = traitsOf(resource);
  if (traits?.exposedLabels === undefined) throw new CommandError(`cannot expose a ${groupKind(resource)}`);
  if (asked !== '') return parseLabelList(asked);
  try {
    return traits.exposedLabels(object);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`couldn't retrieve selectors via --selector flag or introspection: ${error.message}`);
  }
}

interface PortSource {
  readonly port: number;
  readonly protocol: string;
}

/** The ports of an object's containers, or those of a Service itself. */
function portsOf({ resource, object }: Info): readonly PortSource[] {
  const path = traitsOf(resource)?.podSpecPath;
  if (path === undefined) {
    const { ports = [] } = (object.spec ?? {}) as unknown as PortsOfService; // of the kinds that can be exposed, the one without pods
    return ports.map((p) => ({ port: p.port, protocol: p.protocol ?? 'TCP' }));
  }
  const { containers = [] } = (valueAt(object, path) ?? {}) as unknown as PortsOfPods; // where its kind has its pod spec
  return containers.flatMap((c) => c.ports ?? []).map((p) => ({ port: p.containerPort, protocol: p.protocol ?? 'TCP' }));
}

function servicePorts(flags: Flags, found: readonly PortSource[]): readonly JsonObject[] {
  const numbers = flags.string('port') === '' ? [...new Set(found.map((p) => p.port))] : flags.string('port').split(',').map(atoi);
  if (numbers.length === 0 && flags.string('cluster-ip') !== 'None')
    throw new CommandError("couldn't find port via --port flag or introspection");
  const target = flags.string('target-port');
  return numbers.flatMap((port, i) => {
    const name = numbers.length > 1 ? `port-${i + 1}` : '';
    const targetPort = target === '' ? port : /^\d+$/.test(target) ? Number(target) : target;
    const protocols = [...new Set(found.filter((p) => p.port === port).map((p) => p.protocol))];
    const asked = flags.string('protocol');
    if (asked !== '' || protocols.length <= 1)
      return [compact({ name, port, protocol: asked === '' ? (protocols[0] ?? 'TCP') : asked, targetPort })];
    return protocols.map((protocol) => ({ name: `port-${i + 1}-${protocol.toLowerCase()}`, port, protocol, targetPort }));
  });
}

/** The Service for an object. Throws CommandError. */
export function generateExposingService(info: Info, flags: Flags): ApiObject {
  const selector = selectorOf(info, flags.string('selector'));
  if (Object.keys(selector).length === 0) throw new CommandError('selector must be specified');
  const affinity = flags.string('session-affinity');
  if (affinity !== '' && affinity !== 'None' && affinity !== 'ClientIP') throw new CommandError(`unknown session affinity: ${affinity}`);
  const labels = flags.string('labels') === '' ? (info.object.metadata?.labels ?? {}) : parseLabelList(flags.string('labels'));
  const ports = servicePorts(flags, portsOf(info));
  const externalIP = flags.string('external-ip');
  const spec = compact({
    clusterIP: flags.string('cluster-ip'),
    externalIPs: externalIP === '' ? [] : [externalIP],
    loadBalancerIP: flags.string('type') === 'LoadBalancer' ? flags.string('load-balancer-ip') : '',
    ports,
    selector,
    sessionAffinity: affinity,
    type: flags.string('type'),
  });
  const name = flags.string('name') === '' ? info.name.slice(0, 63) : flags.string('name');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...(Object.keys(labels).length === 0 ? {} : { labels }), name },
    spec,
    status: { loadBalancer: {} },
  };
}

export const expose: KubectlCommand = {
  name: 'expose',
  summary: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
  usage:
    '(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]',
  flags: [
    ...filenameFlags,
    ...writeFlags('kubectl-expose'),
    ...overrideFlags,
    recordFlag,
    saveConfigFlag,
    { name: 'selector', type: 'string', help: 'A label selector to use for this service.' },
    { name: 'labels', short: 'l', type: 'string', help: 'Labels to apply to the service created by this call.' },
    { name: 'protocol', type: 'string', help: "The network protocol for the service to be created. Default is 'TCP'." },
    {
      name: 'port',
      type: 'string',
      help: 'The port that the service should serve on. Copied from the resource being exposed, if unspecified',
    },
    {
      name: 'type',
      type: 'string',
      help: "Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName. Default is 'ClusterIP'.",
    },
    { name: 'load-balancer-ip', type: 'string', help: 'IP to assign to the LoadBalancer.' },
    {
      name: 'target-port',
      type: 'string',
      help: 'Name or number for the port on the container that the service should direct traffic to.',
    },
    { name: 'external-ip', type: 'string', help: 'Additional external IP address to accept for the service.' },
    { name: 'name', type: 'string', help: 'The name for the newly created object.' },
    {
      name: 'session-affinity',
      type: 'string',
      help: "If non-empty, set the session affinity for the service to this; legal values: 'None', 'ClientIP'",
    },
    {
      name: 'cluster-ip',
      type: 'string',
      help: "ClusterIP to be assigned to the service. Leave empty to auto-allocate, or set to 'None' to create a headless service.",
    },
    {
      name: 'generator',
      type: 'string',
      help: 'The name of the API generator to use.',
      deprecated: 'has no effect and will be removed in the future.',
    },
  ],
  run: async (session, flags) => {
    const writer = new Writer(session, 'kubectl-expose');
    const count = await visitInfos(session, flags.args, { ignoreSelector: true, refuse: unregistered }, async (read) => {
      const { info, object } = await createGenerated(session, writer, 'services', generateExposingService(read, flags), 'expose');
      writer.print('exposed', info, object);
    });
    return count === 0 ? 1 : 0;
  },
};
