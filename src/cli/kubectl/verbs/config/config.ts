/** `kubectl config`: shows and changes the kubeconfig files. Source: kubectl pkg/cmd/config/config.go. */
import type { KubectlCommand } from '../../command/command.ts';
import { configEdits } from './config-edit.ts';
import { currentContext, getClusters, getContexts, getUsers, view } from './config-view.ts';

export const config: KubectlCommand = {
  name: 'config',
  summary: 'Modify kubeconfig files',
  usage: 'SUBCOMMAND [options]',
  subcommands: [view, getContexts, getClusters, getUsers, currentContext, ...configEdits],
};
