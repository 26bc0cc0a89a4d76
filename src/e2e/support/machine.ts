/** What clusters put on a machine outside their folders, to see that nothing is left. */
import { ok } from './shell.ts';

export interface MachineState {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly routes: readonly string[];
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .sort();

/** Containers and networks of minik on the daemon, and ranges that are local to the host. Names only, so that two states compare. */
export async function machineState(): Promise<MachineState> {
  const [containers, networks, routes] = await Promise.all([
    ok(['docker', 'ps', '-a', '--format', '{{.Names}}', '--filter', 'label=io.minik.cluster']),
    ok(['docker', 'network', 'ls', '--format', '{{.Name}}', '--filter', 'name=minik-']),
    ok(['ip', 'route', 'show', 'table', 'local']),
  ]);
  return {
    containers: lines(containers),
    networks: lines(networks),
    routes: lines(routes).filter((route) => /^local \S+\/\d+ dev lo/.test(route)),
  };
}
