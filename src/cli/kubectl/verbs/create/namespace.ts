/** `kubectl create namespace`. Source: kubectl pkg/cmd/create/create_namespace.go. */
import { generatorCommand } from '../../writing/generator.ts';

export const createNamespace = generatorCommand({
  name: 'namespace',
  aliases: ['ns'],
  summary: 'Create a namespace with the specified name',
  usage: 'NAME [--dry-run=server|client|none] [options]',
  what: '',
  generate: (name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {}, status: {} }),
});
