/** `minik version`. */
import { printJson, type VerbContext } from './verb.ts';

/** The Kubernetes version whose API minik serves. */
export interface VersionOptions {
  readonly output: 'text' | 'json';
  readonly kubernetesVersion: string;
}

export function version(context: VerbContext, options: VersionOptions): number {
  const { terminal } = context;
  if (options.output === 'json')
    printJson(terminal, { minik: context.version, kubernetes: options.kubernetesVersion, node: process.version });
  else terminal.out(`minik version: v${context.version}\nKubernetes: ${options.kubernetesVersion}\n`);
  return 0;
}
