/** `kubectl create configmap`. Source: kubectl pkg/cmd/create/create_configmap.go. */
import { isUtf8 } from 'node:buffer';
import type { ApiObject } from '../../command/session.ts';
import { generatorCommand } from '../../writing/generator.ts';
import { contentHash } from './content-hash.ts';
import { dataEntries, dataSourceFlags } from './data-sources.ts';

function generateConfigMap(name: string, entries: ReadonlyMap<string, Buffer>, appendHash: boolean): ApiObject {
  const data: Record<string, string> = {};
  const binaryData: Record<string, string> = {};
  for (const [key, value] of entries) {
    if (isUtf8(value)) data[key] = value.toString('utf8');
    else binaryData[key] = value.toString('base64');
  }
  const content = {
    ...(Object.keys(data).length > 0 ? { data } : {}),
    ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}),
  };
  const hash = appendHash
    ? `-${contentHash({ data, kind: 'ConfigMap', name, ...(Object.keys(binaryData).length > 0 ? { binaryData } : {}) })}`
    : '';
  return { apiVersion: 'v1', ...content, kind: 'ConfigMap', metadata: { name: `${name}${hash}` } };
}

export const createConfigMap = generatorCommand({
  name: 'configmap',
  aliases: ['cm'],
  summary: 'Create a config map from a local file, directory or literal value',
  usage: 'NAME [--from-file=[key=]source] [--from-literal=key1=value1] [--dry-run=server|client|none] [options]',
  flags: [...dataSourceFlags, { name: 'append-hash', type: 'bool', help: 'Append a hash of the configmap to its name.' }],
  what: 'configmap:',
  generate: (name, flags, session) =>
    generateConfigMap(name, dataEntries(flags, 'ConfigMap', session.terminal.env), flags.bool('append-hash')),
});
