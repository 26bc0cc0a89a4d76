/** `kubectl create serviceaccount`. Source: kubectl pkg/cmd/create/create_serviceaccount.go. */
import { generatorCommand } from '../../writing/generator.ts';

export const createServiceAccount = generatorCommand({
  name: 'serviceaccount',
  aliases: ['sa'],
  summary: 'Create a service account with the specified name',
  usage: 'NAME [--dry-run=server|client|none] [options]',
  what: 'serviceaccount:',
  generate: (name) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } }),
});
