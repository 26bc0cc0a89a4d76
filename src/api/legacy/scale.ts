/**
 * `scale` of old versions: its status tells the selector as a map, when it can be one, and as a text. Source:
 * pkg/apis/{apps/v1beta1,apps/v1beta2,extensions/v1beta1}/conversion.go (Convert_autoscaling_ScaleStatus_To_…).
 */
import { isObject, type JsonObject } from '../json.ts';
import { type AnyKind, apiVersionOf, defineKind, type KubeObject, type ServedVersion } from '../kind.ts';
import { scaleKind } from '../kinds/autoscaling/scale.ts';
import type { StandInSubresource } from '../subresource.ts';

const inVersion = (group: string, version: string): AnyKind =>
  defineKind({ ...scaleKind, group, version, codec: { schema: `io.k8s.api.${group}.${version}.Scale` } });

/** The kinds of the sub-resources, for answers. */
export const oldScaleKinds: readonly AnyKind[] = [
  inVersion('apps', 'v1beta2'),
  inVersion('apps', 'v1beta1'),
  inVersion('extensions', 'v1beta1'),
];

/** A requirement of a selector that a map can hold. */
const pair = /^([^=!,() ]+)=([^=!,() ]*)$/;

/** The labels that a selector asks for; undefined when it has other requirements, or none. */
function labelsOf(selector: string): JsonObject | undefined {
  const pairs = selector === '' ? [] : selector.split(',').map((requirement) => pair.exec(requirement));
  if (pairs.length === 0 || pairs.includes(null)) return undefined;
  return Object.fromEntries(pairs.map((found) => [found?.[1] ?? '', found?.[2] ?? '']));
}

function shown(scale: JsonObject, apiVersion: string): JsonObject {
  const { selector, ...status } = isObject(scale.status) ? scale.status : {};
  const labels = typeof selector === 'string' ? labelsOf(selector) : undefined;
  return {
    ...scale,
    apiVersion,
    status: {
      ...status,
      ...(labels === undefined ? {} : { selector: labels }),
      ...(selector === undefined ? {} : { targetSelector: selector }),
    },
  };
}

/** The sub-resource in an old version. */
function oldScale<T extends KubeObject>(scale: StandInSubresource<T>, group: string, version: string): StandInSubresource<T> {
  const { show } = scale;
  return {
    ...scale,
    body: { group, version, kind: scaleKind.kind },
    show: (object) => shown(show(object), apiVersionOf(group, version)),
  };
}

/** Old versions of a Kind, each with its own `scale`. */
export const withOldScale = <T extends KubeObject>(
  versions: readonly ServedVersion[],
  scale: StandInSubresource<T>,
): readonly ServedVersion[] =>
  versions.map((served) => ({
    ...served,
    subresources: { ...served.subresources, scale: oldScale(scale, served.group ?? 'apps', served.version) },
  }));
