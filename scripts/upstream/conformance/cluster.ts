/** The cluster that the suite runs on: of two nodes, from this checkout, with a home and a kubeconfig of its own. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..', '..');
const profile = 'conformance';

export interface SuiteCluster {
  readonly kubeconfig: string;
  /** Removes it with all that it holds. */
  delete(): void;
}

/** Starts it anew. Throws when it does not start. `folder` holds its home. */
export function startCluster(folder: string): SuiteCluster {
  mkdirSync(folder, { recursive: true });
  const kubeconfig = join(folder, 'kubeconfig');
  const env = { ...process.env, MINIK_HOME: join(folder, 'home'), KUBECONFIG: kubeconfig };
  const minik = (...args: readonly string[]): number => {
    const { status } = spawnSync(join(root, 'scripts', 'minik'), args, { env, stdio: 'inherit' });
    return status ?? 1;
  };
  // Of a run that was broken off.
  if (existsSync(join(folder, 'home', 'profiles', profile))) minik('delete', '-p', profile);
  if (minik('start', '-p', profile, '--nodes', '2') !== 0) throw new Error('the cluster did not start');
  return { kubeconfig, delete: () => void minik('delete', '-p', profile) };
}
