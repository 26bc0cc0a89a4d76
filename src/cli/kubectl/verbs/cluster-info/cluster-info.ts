/** `kubectl cluster-info`. Source: kubectl pkg/cmd/clusterinfo/clusterinfo.go. */
import type { Service } from '../../../../api/generated/core/v1.ts';
import type { KubectlCommand } from '../../command/command.ts';
import { resourcePath } from '../../resources/discovery.ts';
import { itemsOf, listAll } from '../../resources/list.ts';
import { findResource } from '../../resources/resource-args.ts';
import { clusterInfoDump } from './cluster-info-dump.ts';

function linkOf({ metadata, spec, status }: Service, host: string): string {
  const [ingress] = status?.loadBalancer?.ingress ?? [];
  if (ingress !== undefined) {
    const address = ingress.ip === undefined || ingress.ip === '' ? (ingress.hostname ?? '') : ingress.ip;
    return (spec.ports ?? []).map(({ port }) => `http://${address}:${port} `).join('');
  }
  const [port] = spec.ports ?? [];
  const secure = port !== undefined && (port.name === 'https' || port.port === 443);
  const portName = port?.name ?? '';
  const name = secure ? `https:${metadata.name}:${portName}` : portName === '' ? metadata.name : `${metadata.name}:${portName}`;
  return `${host}/api/v1/namespaces/${metadata.namespace ?? ''}/services/${name}/proxy`;
}

export const clusterInfo: KubectlCommand = {
  name: 'cluster-info',
  summary: 'Display cluster information',
  usage: '[flags] [options]',
  subcommands: [clusterInfoDump],
  run: async (session, flags) => {
    const host = session.config.server.replace(/\/$/, '');
    const namespace = flags.given('namespace') ? flags.string('namespace') : 'kube-system';
    const path = resourcePath(await findResource(session, 'services'), namespace);
    const pages = await listAll(session, path, { selector: 'kubernetes.io/cluster-service=true', fieldSelector: '', limit: 500 });
    session.out(`Kubernetes control plane is running at ${host}\n`);
    for (const service of pages.flatMap((page) => itemsOf<Service>(page))) {
      session.out(`${service.metadata.labels?.['kubernetes.io/name'] ?? service.metadata.name} is running at ${linkOf(service, host)}\n`);
    }
    session.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    return 0;
  },
};
