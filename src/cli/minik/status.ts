/** `minik status`: shows whether the cluster runs and whether kubectl reaches it. */
import { crashText } from './crashes.ts';
import { kubectlState } from './kubeconfig-entry.ts';
import type { Profile } from './profile.ts';
import { askHealth, healthLimitMs, type ServerHealth } from './server-health.ts';
import { type CommonOptions, openProfile, printJson, type VerbContext } from './verb.ts';

/** Bits of the exit code, as in minikube: host, cluster, kubectl. */
const exitBits = { host: 1, cluster: 2, kubectl: 4 } as const;

/** What happens next to a server that has crashed. */
function outlook(profile: Profile): string {
  const restartAt = profile.crashes().at(-1)?.restartAt;
  if (restartAt === undefined) return `given up: "minik start -p ${profile.name}" starts it`;
  if (profile.guard() === undefined) return `nothing starts it again: "minik start -p ${profile.name}" does`;
  const inSeconds = Math.ceil((restartAt.getTime() - Date.now()) / 1000);
  return inSeconds > 0 ? `it is started again in ${inSeconds} s` : 'it is being started again';
}

/** The state of a server that has a process. */
const stateOf = (health: ServerHealth): 'Running' | 'Unhealthy' | 'Unresponsive' =>
  health.answers ? (health.healthy ? 'Running' : 'Unhealthy') : 'Unresponsive';

const clusterText = (health: ServerHealth | undefined): string =>
  health === undefined || stateOf(health) === 'Running' ? 'Running' : `${stateOf(health)}: ${health.detail}`;

export async function status(context: VerbContext, options: CommonOptions): Promise<number> {
  const { terminal } = context;
  const profile = openProfile(context, options.profile);
  const settings = profile.settings();
  const server = profile.server();
  const crashes = profile.crashes();
  const lastCrash = crashes.at(-1);
  const ended = lastCrash === undefined ? 'Stopped' : 'Crashed';
  const [caPem] = profile.marks().authorities;
  const health =
    server === undefined ? undefined : await askHealth({ apiUrl: server.apiUrl, caPem, pid: server.pid, limitMs: healthLimitMs });
  const state = settings === undefined ? 'Missing' : health === undefined ? ended : stateOf(health);
  const apiUrl = server?.apiUrl ?? profile.marks().apiUrls[0];
  const kubectl = apiUrl === undefined ? undefined : kubectlState(terminal, profile.name, { marks: profile.marks(), apiUrl });
  const code =
    (server === undefined ? exitBits.host : 0) |
    (state === 'Running' ? 0 : exitBits.cluster) |
    (kubectl?.state === 'Correctly configured' ? 0 : exitBits.kubectl);
  if (options.output === 'json') {
    printJson(terminal, {
      profile: profile.name,
      state,
      pid: server?.pid ?? null,
      guardPid: profile.guard()?.pid ?? null,
      apiUrl: server?.apiUrl ?? null,
      runtime: settings?.runtime ?? null,
      nodes: settings?.nodes.filter(({ wanted }) => wanted !== 'deleted').length ?? null,
      kubectl: kubectl?.state ?? 'Not configured',
      crashes: crashes.length,
      lastCrash: lastCrash === undefined ? null : { at: lastCrash.at, why: lastCrash.why },
      startedAt: server?.startedAt ?? null,
      version: server?.version ?? null,
      serviceCidr: settings?.serviceCidr ?? null,
      podCidr: settings?.podCidr ?? null,
      folder: profile.folder,
      log: profile.logFile,
    });
    return code;
  }
  terminal.out(`${profile.name}\n`);
  terminal.out(`host: ${server === undefined ? state : `Running (${settings?.runtime ?? ''}, pid ${server.pid})`}\n`);
  terminal.out(`cluster: ${server === undefined ? state : `${clusterText(health)} (${server.apiUrl})`}\n`);
  if (lastCrash !== undefined) {
    terminal.out(
      `crashes: ${crashes.length} since the start; it ${crashText(lastCrash)}${server === undefined ? `; ${outlook(profile)}` : ''}\n`,
    );
  }
  terminal.out(`kubectl: ${kubectl === undefined ? 'Not configured' : `${kubectl.state}: ${kubectl.detail}`}\n`);
  return code;
}
