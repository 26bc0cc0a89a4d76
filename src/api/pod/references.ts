/**
 * The names of the objects that a pod refers to in its namespace. Source: pkg/api/v1/pod/util.go (VisitPodSecretNames,
 * VisitPodConfigmapNames), pkg/api/persistentvolume (ephemeral claims).
 */
import type { Pod, PodSpec, Volume } from '../generated/core/v1.ts';

interface Named {
  readonly name?: string | undefined;
}

const nameOf = (ref: Named | null | undefined): readonly string[] => (ref?.name ? [ref.name] : []);

const containersOf = ({ initContainers = [], containers, ephemeralContainers = [] }: PodSpec) => [
  ...initContainers,
  ...containers,
  ...ephemeralContainers,
];

function secretsOfVolume(volume: Volume): readonly string[] {
  return [
    ...nameOf({ name: volume.secret?.secretName ?? volume.azureFile?.secretName }),
    ...(volume.projected?.sources ?? []).flatMap(({ secret }) => nameOf(secret)),
    ...[volume.cephfs, volume.cinder, volume.flexVolume, volume.rbd, volume.scaleIO, volume.iscsi, volume.storageos].flatMap((source) =>
      nameOf(source?.secretRef),
    ),
    ...nameOf(volume.csi?.nodePublishSecretRef),
  ];
}

/** Secrets: of images, environments and volumes. */
export const secretNames = ({ spec }: Pod): readonly string[] => [
  ...(spec.imagePullSecrets ?? []).flatMap(nameOf),
  ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
    ...envFrom.flatMap(({ secretRef }) => nameOf(secretRef)),
    ...env.flatMap(({ valueFrom }) => nameOf(valueFrom?.secretKeyRef)),
  ]),
  ...(spec.volumes ?? []).flatMap(secretsOfVolume),
];

export const configMapNames = ({ spec }: Pod): readonly string[] => [
  ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
    ...envFrom.flatMap(({ configMapRef }) => nameOf(configMapRef)),
    ...env.flatMap(({ valueFrom }) => nameOf(valueFrom?.configMapKeyRef)),
  ]),
  ...(spec.volumes ?? []).flatMap(({ configMap, projected }) => [
    ...nameOf(configMap),
    ...(projected?.sources ?? []).flatMap((source) => nameOf(source.configMap)),
  ]),
];

/** PersistentVolumeClaims, those of ephemeral volumes among them. */
export const claimNames = ({ metadata, spec }: Pod): readonly string[] =>
  (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => [
    ...nameOf({ name: persistentVolumeClaim?.claimName }),
    ...(ephemeral?.volumeClaimTemplate ? [`${metadata.name}-${name}`] : []),
  ]);
