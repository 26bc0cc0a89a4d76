/**
 * Environment variables of a container. Source: kubectl pkg/describe/describe.go; kubectl
 * pkg/util/{fieldpath,resource}.
 */
import type { Container, EnvVar, Pod } from '../../../../api/generated/core/v1.ts';
import { parseQuantity, toMilli, toUnits, tryParseQuantity } from '../../../../api/quantity.ts';
import type { DescriptionWriter } from '../../output/description.ts';
import { sortedEntries, type Texts } from './common.ts';

const mapText = (texts: Texts | undefined): string =>
  sortedEntries(texts)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join('\n');

/** The value of a field reference, as far as kubectl resolves it: metadata only. */
function fieldValue(pod: Pod, path: string): string {
  const { metadata } = pod;
  const [, map, key] = /^metadata\.(annotations|labels)\['(.+)'\]$/.exec(path) ?? [];
  if (map !== undefined && key !== undefined) return (map === 'labels' ? metadata.labels : metadata.annotations)?.[key] ?? '';
  switch (path) {
    case 'metadata.name':
      return metadata.name;
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return mapText(metadata.labels);
    case 'metadata.annotations':
      return mapText(metadata.annotations);
    default:
      return '';
  }
}

/** An amount of the container in units of the divisor, rounded up; '' for a resource that kubectl does not know. */
function resourceValue(container: Container, resource: string, divisor: string | undefined): string {
  const [, list, name] = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource) ?? [];
  if (list === undefined || name === undefined) return '';
  const amounts = list === 'limits' ? container.resources?.limits : container.resources?.requests;
  const amount = tryParseQuantity(amounts?.[name]) ?? parseQuantity('0');
  const unit = tryParseQuantity(divisor);
  const by = unit === undefined || unit.nanos === 0n ? parseQuantity('1') : unit;
  return String(name === 'cpu' ? Math.ceil(toMilli(amount) / toMilli(by)) : Math.ceil(toUnits(amount) / toUnits(by)));
}

function writeVariable(to: DescriptionWriter, { name, value, valueFrom }: EnvVar, container: Container, pod: Pod | undefined): void {
  if (valueFrom === undefined) {
    for (const [i, line] of (value ?? '').split('\n').entries()) to.write(3, `${i === 0 ? `${name}:` : ''}\t${line}\n`);
    return;
  }
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = valueFrom;
  if (fieldRef !== undefined) {
    to.write(
      3,
      `${name}:\t${pod === undefined ? '' : fieldValue(pod, fieldRef.fieldPath)} (${fieldRef.apiVersion ?? 'v1'}:${fieldRef.fieldPath})\n`,
    );
  } else if (resourceFieldRef !== undefined) {
    const { resource } = resourceFieldRef;
    const amount = resourceValue(container, resource, resourceFieldRef.divisor);
    const shown = amount === '0' && (resource === 'limits.cpu' || resource === 'limits.memory') ? 'node allocatable' : amount;
    to.write(3, `${name}:\t${shown} (${resource})\n`);
  } else if (secretKeyRef !== undefined) {
    to.write(
      3,
      `${name}:\t<set to the key '${secretKeyRef.key}' in secret '${secretKeyRef.name ?? ''}'>\tOptional: ${secretKeyRef.optional === true}\n`,
    );
  } else if (configMapKeyRef !== undefined) {
    to.write(
      3,
      `${name}:\t<set to the key '${configMapKeyRef.key}' of config map '${configMapKeyRef.name ?? ''}'>\tOptional: ${configMapKeyRef.optional === true}\n`,
    );
  }
}

/** Writes environment variables. Values of field references are shown only for a Pod; a template does not have them. */
export function writeEnvironment(to: DescriptionWriter, container: Container, pod: Pod | undefined): void {
  const { envFrom = [], env = [] } = container;
  if (envFrom.length > 0) to.write(2, 'Environment Variables from:\n');
  for (const { configMapRef, secretRef, prefix = '' } of envFrom) {
    const source = configMapRef ?? secretRef;
    const from = configMapRef !== undefined ? 'ConfigMap' : secretRef !== undefined ? 'Secret' : '';
    to.write(
      3,
      `${source?.name ?? ''}\t${from}${prefix === '' ? '' : ` with prefix '${prefix}'`}\tOptional: ${source?.optional === true}\n`,
    );
  }
  to.write(2, `Environment:${env.length === 0 ? '\t<none>' : ''}\n`);
  for (const variable of env) writeVariable(to, variable, container, pod);
}
