/** The Secrets to which a pod refers. Source: pkg/api/pod/util.go (VisitPodSecretNames). */
import type { Container, EphemeralContainer, PodSpec, Volume } from '../generated/core/v1.ts';

type AnyContainer = Container | EphemeralContainer;

const ofContainer = ({ env, envFrom }: AnyContainer): readonly (string | undefined)[] => [
  ...(envFrom ?? []).map(({ secretRef }) => secretRef?.name),
  ...(env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
];

const ofVolume = (volume: Volume): readonly (string | undefined)[] => [
  ...[volume.secret?.secretName, volume.azureFile?.secretName, volume.cephfs?.secretRef?.name, volume.cinder?.secretRef?.name],
  ...[volume.flexVolume?.secretRef?.name, volume.rbd?.secretRef?.name, volume.scaleIO?.secretRef?.name, volume.iscsi?.secretRef?.name],
  ...[volume.storageos?.secretRef?.name, volume.csi?.nodePublishSecretRef?.name],
  ...(volume.projected?.sources ?? []).map(({ secret }) => secret?.name),
];

/** Each name once. */
export function secretNames(spec: PodSpec): ReadonlySet<string> {
  const containers: readonly AnyContainer[] = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  const names = [
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
    ...containers.flatMap(ofContainer),
    ...(spec.volumes ?? []).flatMap(ofVolume),
  ];
  return new Set(names.filter((name): name is string => name !== undefined && name !== ''));
}
