/** The config maps, secrets and claims that a pod refers to, wherever a change of them affects the pod. */
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import { claimNameOf } from '../../../api/pod/volume-claims.ts';
import type { Reference } from '../volumes/volume-plugin.ts';
import { typedVolume } from '../volumes/volume-plugins.ts';
import type { SourceKind } from './pod-sources.ts';

/** `configMap/<namespace>/<name>`. */
export const sourceKey = (kind: SourceKind, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

type Named = { readonly name?: string | undefined } | undefined;

function* volumeReferences(pod: Pod): Generator<Reference> {
  for (const volume of pod.spec.volumes ?? []) {
    yield ['claim', claimNameOf(pod, volume)];
    const typed = typedVolume(volume);
    if (typed !== undefined) yield* typed.plugin.references?.(typed.source) ?? [];
  }
}

function* environmentReferences({ env = [], envFrom = [] }: Pick<Container, 'env' | 'envFrom'>): Generator<[SourceKind, Named]> {
  for (const { valueFrom } of env) {
    yield ['configMap', valueFrom?.configMapKeyRef];
    yield ['secret', valueFrom?.secretKeyRef];
  }
  for (const { configMapRef, secretRef } of envFrom) {
    yield ['configMap', configMapRef];
    yield ['secret', secretRef];
  }
}

/** The keys of all config maps, secrets and claims that the pod refers to. */
export function podReferences(pod: Pod): ReadonlySet<string> {
  const keys = new Set<string>();
  const add = (kind: SourceKind, name: string | undefined): void => {
    if (name !== undefined && name !== '') keys.add(sourceKey(kind, pod.metadata.namespace ?? '', name));
  };
  for (const [kind, name] of volumeReferences(pod)) add(kind, name);
  const { initContainers = [], containers, ephemeralContainers = [], imagePullSecrets = [] } = pod.spec;
  for (const container of [...initContainers, ...containers, ...ephemeralContainers]) {
    for (const [kind, reference] of environmentReferences(container)) add(kind, reference?.name);
  }
  for (const { name } of imagePullSecrets) add('secret', name);
  return keys;
}
