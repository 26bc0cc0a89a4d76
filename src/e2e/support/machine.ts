/**
 * What a cluster puts on a machine outside its folder, to see that nothing is left. Looks at one cluster's only: others
 * run beside it.
 */
import type { ClusterFacts } from './cluster.ts';
import { ok } from './shell.ts';

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/**
 * Containers, volumes and networks of a cluster on the daemon, and the host's routes to its ranges. Empty when nothing
 * is there.
 */
export async function traces({ clusterId, serviceCidr, podCidr }: ClusterFacts): Promise<readonly string[]> {
  const label = ['--filter', `label=io.minik.cluster=${clusterId}`];
  const [containers, volumes, networks, local, main] = await Promise.all([
    ok(['docker', 'ps', '-a', '--format', '{{.Names}}', ...label]),
    ok(['docker', 'volume', 'ls', '-q', ...label]),
    ok(['docker', 'network', 'ls', '--format', '{{.Name}}', '--filter', `name=minik-${clusterId}`]),
    ok(['ip', 'route', 'show', 'table', 'local']),
    ok(['ip', 'route', 'show']),
  ]);
  const routes = lines(local + main).filter((route) => route.includes(serviceCidr) || route.includes(podCidr));
  return [...lines(containers), ...lines(volumes), ...lines(networks), ...routes];
}
