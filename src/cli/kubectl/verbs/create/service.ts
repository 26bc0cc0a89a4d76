/**
 * `kubectl create service clusterip|nodeport|loadbalancer|externalname`. Source: kubectl
 * pkg/cmd/create/create_service.go.
 */
import { isDns1123Subdomain, isPortName, isPortNumber } from '../../../../api/names.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { FlagSpec, Flags } from '../../command/flags.ts';
import type { ApiObject } from '../../command/session.ts';
import { compact, generatorCommand } from '../../writing/generator.ts';

const tcpFlag: FlagSpec = { name: 'tcp', type: 'list', help: "Port pairs can be specified as '<port>:<targetPort>'." };

/** Source: k8s.io/utils/net ParsePort. */
function parsePort(text: string): number {
  if (!/^\d+$/.test(text)) throw new CommandError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (Number(text) > 65535) throw new CommandError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(text);
}

/** `80`, `80:8080`, `80:http`. Throws CommandError. */
export function parsePortPair(text: string): { readonly port: number; readonly targetPort: number | string } {
  const [first = '', second, ...more] = text.split(':');
  if (more.length > 0) throw new CommandError(`invalid port format '${text}'`);
  const check = (complaints: readonly string[]): void => {
    if (complaints.length > 0) throw new CommandError(complaints.join(','));
  };
  const port = parsePort(first);
  if (second === undefined) return { port, targetPort: port };
  if (!/^\d+$/.test(second)) {
    check(isPortName(second));
    return { port, targetPort: second };
  }
  check(isPortNumber(Number(second)));
  return { port, targetPort: Number(second) };
}

interface ServiceType {
  readonly name: string;
  readonly type: string;
  readonly summary: string;
  readonly flags: readonly FlagSpec[];
}

function generateService(type: string, name: string, flags: Flags): ApiObject {
  const clusterIP = flags.string('clusterip');
  const externalName = flags.string('external-name');
  if (clusterIP !== 'None' && flags.list('tcp').length === 0 && type !== 'ExternalName') {
    throw new CommandError('at least one tcp port specifier must be provided');
  }
  if (type === 'ExternalName' && isDns1123Subdomain(externalName).length > 0)
    throw new CommandError(`invalid service external name ${externalName}`);
  const ports = flags.list('tcp').map((text) => {
    const { port, targetPort } = parsePortPair(text);
    return compact({ name: text.replaceAll(':', '-'), nodePort: flags.int('node-port'), port, protocol: 'TCP', targetPort });
  });
  const spec = compact({ clusterIP, externalName, ports, selector: { app: name }, type });
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, labels: { app: name } }, spec, status: { loadBalancer: {} } };
}

const types: readonly ServiceType[] = [
  {
    name: 'clusterip',
    type: 'ClusterIP',
    summary: 'Create a ClusterIP service',
    flags: [
      tcpFlag,
      {
        name: 'clusterip',
        type: 'string',
        help: "Assign your own ClusterIP or set to 'None' for a 'headless' service (no loadbalancing).",
      },
    ],
  },
  {
    name: 'nodeport',
    type: 'NodePort',
    summary: 'Create a NodePort service',
    flags: [tcpFlag, { name: 'node-port', type: 'int', help: 'Port used to expose the service on each node in a cluster.' }],
  },
  { name: 'loadbalancer', type: 'LoadBalancer', summary: 'Create a LoadBalancer service', flags: [tcpFlag] },
  {
    name: 'externalname',
    type: 'ExternalName',
    summary: 'Create an ExternalName service',
    flags: [tcpFlag, { name: 'external-name', required: true, type: 'string', help: 'External name of service' }],
  },
];

const usages: Readonly<Record<string, string>> = {
  ClusterIP: 'NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none] [options]',
  ExternalName: 'NAME --external-name external.name [--dry-run=server|client|none] [options]',
};

export const createService: KubectlCommand = {
  name: 'service',
  aliases: ['svc'],
  summary: 'Create a service using a specified subcommand',
  usage: '[flags] [options]',
  subcommands: types.map(({ name, type, summary, flags }) =>
    generatorCommand({
      name,
      summary,
      usage: usages[type] ?? 'NAME [--tcp=port:targetPort] [--dry-run=server|client|none] [options]',
      flags,
      what: `${type} service:`,
      generate: (objectName, given) => generateService(type, objectName, given),
    }),
  ),
};
