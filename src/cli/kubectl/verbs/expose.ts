/** `kubectl expose`. Source: kubectl pkg/cmd/expose/expose.go; pkg/polymorphichelpers/{canbeexposed,mapbasedselectorforobject,portsforobject,protocolsforobject}.go. */
import type { JsonObject } from '../../../api/json.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import { parseLabelList } from '../command/pairs.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { type Info, visitInfos } from '../resources/infos.ts';
import { findResource } from '../resources/resource-args.ts';
import { atoi, compact } from '../writing/generator.ts';
import { withUpdatedLastApplied } from '../writing/last-applied.ts';
import { overrideFlags, withOverrides } from '../writing/overrides.ts';
import { filenameFlags, recordFlag, saveConfigFlag, writeFlags } from '../writing/write-flags.ts';
import { Writer } from '../writing/writing.ts';

interface ContainerPort {
  readonly containerPort: number;
  readonly protocol?: string;
}

interface Exposed {
  readonly spec?: {
    readonly selector?: Readonly<Record<string, string>> & {
      readonly matchLabels?: Readonly<Record<string, string>>;
      readonly matchExpressions?: readonly JsonObject[];
    };
    readonly template?: { readonly spec?: { readonly containers?: readonly { readonly ports?: readonly ContainerPort[] }[] } };
    readonly containers?: readonly { readonly ports?: readonly ContainerPort[] }[];
    readonly ports?: readonly { readonly port: number; readonly protocol?: string }[];
  };
}

/** Throws CommandError for kinds that have no pods behind them. */
function checkKind({ resource }: Info): void {
  const exposable = ['Service', 'ReplicationController', 'Pod', 'Deployment', 'ReplicaSet'];
  if (!exposable.includes(resource.kind)) {
    throw new CommandError(`cannot expose a ${resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`}`);
  }
}

function selectorOf({ resource, object }: Info): Readonly<Record<string, string>> {
  const fail = (why: string): CommandError => new CommandError(`couldn't retrieve selectors via --selector flag or introspection: ${why}`);
  const { spec } = object as unknown as Exposed; // of one of the kinds above
  if (resource.kind === 'Pod') {
    const labels = object.metadata?.labels ?? {};
    if (Object.keys(labels).length === 0) throw fail('the pod has no labels and cannot be exposed');
    return labels;
  }
  if (resource.kind === 'Deployment' || resource.kind === 'ReplicaSet') {
    if ((spec?.selector?.matchExpressions ?? []).length > 0)
      throw fail(`couldn't convert expressions - "[${JSON.stringify(spec?.selector?.matchExpressions)}]" to map-based selector format`);
    const labels = spec?.selector?.matchLabels ?? {};
    if (Object.keys(labels).length === 0)
      throw fail(`invalid ${resource.kind === 'Deployment' ? 'deployment' : 'replicaset'}: no selectors, therefore cannot be exposed`);
    return labels;
  }
  const labels = spec?.selector ?? {};
  if (Object.keys(labels).length === 0 && resource.kind === 'Service') throw fail('the service has no pod selector set');
  return labels;
}

interface PortSource {
  readonly port: number;
  readonly protocol: string;
}

function portsOf({ object }: Info): readonly PortSource[] {
  const { spec } = object as unknown as Exposed; // of one of the kinds above
  const containers = spec?.template?.spec?.containers ?? spec?.containers;
  if (containers === undefined) return (spec?.ports ?? []).map((p) => ({ port: p.port, protocol: p.protocol ?? 'TCP' }));
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
  const selector = flags.string('selector') === '' ? selectorOf(info) : parseLabelList(flags.string('selector'));
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

/** Creates (or prints) a generated Service in the namespace of the request. */
export async function createGenerated(
  session: Session,
  writer: Writer,
  type: string,
  object: ApiObject,
  verb: string,
): Promise<{ readonly info: Info; readonly object: ApiObject }> {
  const resource = await findResource(session, type);
  const overridden = writer.recorded(withOverrides(session.flags, object, resource), verb);
  const info: Info = { resource, namespace: session.namespace, name: overridden.metadata?.name ?? '', object: overridden, source: '' };
  if (writer.dryRun === 'client') {
    const metadata = { ...overridden.metadata, ...(session.namespaceGiven ? { namespace: session.namespace } : {}) };
    return { info, object: { ...overridden, metadata } };
  }
  return { info, object: await writer.create(info, withUpdatedLastApplied(session.flags.bool('save-config'), overridden)) };
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
    const count = await visitInfos(session, flags.args, { ignoreSelector: true }, async (read) => {
      checkKind(read);
      const { info, object } = await createGenerated(session, writer, 'services', generateExposingService(read, flags), 'expose');
      writer.print('exposed', info, object);
    });
    return count === 0 ? 1 : 0;
  },
};
