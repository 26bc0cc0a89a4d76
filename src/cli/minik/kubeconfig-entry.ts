/** A cluster's entry in the user's kubeconfig: merged in by `start`, taken out by `delete`, checked by `status`. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Kubeconfig, KubeconfigError, kubeconfigPaths, loadKubeconfig } from '../../client/kubeconfig.ts';
import { editKubeconfig } from '../../client/kubeconfig-file.ts';
import type { AdminCredentials } from '../cluster-port.ts';
import type { Terminal } from '../terminal.ts';

const lockAttempts = 100;
const lockRetryMs = 50;

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');

/** The file that kubectl would write: the first of `KUBECONFIG`, or `~/.kube/config`. */
export const kubeconfigFile = (terminal: Terminal): string => kubeconfigPaths(terminal.env, terminal.home)[0] ?? '';

export interface KubeconfigWrite {
  readonly profile: string;
  readonly apiUrl: string;
  readonly credentials: AdminCredentials;
}

/** What `start` changed: the file, and the context that was current before. */
export interface KubeconfigChange {
  readonly path: string;
  readonly previousContext: string;
}

/** Adds or replaces cluster, user and context named after the profile, and makes the context current. */
export async function writeKubeconfigEntry(
  terminal: Terminal,
  { profile, apiUrl, credentials }: KubeconfigWrite,
): Promise<KubeconfigChange> {
  const path = kubeconfigFile(terminal);
  const previousContext = loadKubeconfig(kubeconfigPaths(terminal.env, terminal.home)).currentContext;
  await whenUnlocked(() =>
    editKubeconfig(path, (editor) => {
      editor.upsert({
        name: profile,
        cluster: { server: apiUrl, 'certificate-authority-data': base64(credentials.caPem) },
        user: { 'client-certificate-data': base64(credentials.certificatePem), 'client-key-data': base64(credentials.keyPem) },
        namespace: 'default',
      });
      editor.useContext(profile);
    }),
  );
  return { path, previousContext };
}

/** Takes the entry out of every kubeconfig file in use; the context before it becomes current again. */
export async function removeKubeconfigEntry(terminal: Terminal, profile: string, previousContext: string): Promise<void> {
  for (const path of kubeconfigPaths(terminal.env, terminal.home)) {
    if (!loadKubeconfig([path]).contexts.has(profile)) continue;
    await whenUnlocked(() => editKubeconfig(path, (editor) => editor.remove(profile, previousContext)));
  }
}

/** Several clusters may start at once: the file's lock is held for moments only. */
async function whenUnlocked(edit: () => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      edit();
      return;
    } catch (error) {
      if (!(error instanceof KubeconfigError) || attempt >= lockAttempts || !error.message.includes('is locked')) throw error;
    }
    await delay(lockRetryMs);
  }
}

export type KubectlState =
  | { readonly state: 'Correctly configured'; readonly detail: string }
  | { readonly state: 'Misconfigured' | 'Not current' | 'Not configured'; readonly detail: string };

/** Whether kubectl reaches this cluster when typed as it is. */
export function kubectlState(terminal: Terminal, profile: string, apiUrl: string): KubectlState {
  const kubeconfig: Kubeconfig = loadKubeconfig(kubeconfigPaths(terminal.env, terminal.home));
  const context = kubeconfig.contexts.get(profile);
  if (context === undefined) return { state: 'Not configured', detail: `no context ${JSON.stringify(profile)}` };
  const server = kubeconfig.clusters.get(context.cluster)?.server ?? '';
  if (server !== apiUrl) return { state: 'Misconfigured', detail: `context ${JSON.stringify(profile)} points to ${server}` };
  if (kubeconfig.currentContext !== profile)
    return { state: 'Not current', detail: `the current context is ${JSON.stringify(kubeconfig.currentContext)}` };
  return { state: 'Correctly configured', detail: `pointing to ${profile} at ${apiUrl}` };
}
