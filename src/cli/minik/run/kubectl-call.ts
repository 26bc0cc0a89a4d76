/** Calls of the bundled kubectl whose output is read. */
import type { Terminal } from '../../terminal.ts';

export interface KubectlOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the bundled kubectl on a terminal. */
export type Kubectl = (args: readonly string[], terminal: Terminal) => Promise<number>;

/** Runs the bundled kubectl against the cluster of a kubeconfig, and collects what it prints. */
export async function callKubectl(
  kubectl: Kubectl,
  terminal: Terminal,
  kubeconfig: string,
  args: readonly string[],
): Promise<KubectlOutcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await kubectl(args, {
    env: { ...terminal.env, KUBECONFIG: kubeconfig },
    home: terminal.home,
    interactive: false,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  });
  return { code, out: out.join(''), err: err.join('') };
}
