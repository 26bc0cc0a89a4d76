/** The warning of a deprecated version. Source: apiextensions-apiserver pkg/apiserver/customresource_handler.go. */
import type { CustomResourceDefinitionSpec, CustomResourceDefinitionVersion } from '../generated/apiextensions/v1.ts';
import { compareVersions } from '../version-order.ts';

/** Undefined for a version that is not deprecated. */
export function deprecationOf(
  { group, names, versions }: CustomResourceDefinitionSpec,
  { name, deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
): string | undefined {
  if (deprecated !== true) return undefined;
  if (deprecationWarning !== undefined) return deprecationWarning;
  const [better] = versions
    .filter((version) => version.served && version.deprecated !== true && compareVersions(version.name, name) < 0)
    .toSorted((a, b) => compareVersions(a.name, b.name));
  const use = better === undefined ? '' : `; use ${group}/${better.name} ${names.kind}`;
  return `${group}/${name} ${names.kind} is deprecated${use}`;
}
