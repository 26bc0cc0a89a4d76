/**
 * What a Pod of a StatefulSet is called, and what storage it has. Source:
 * pkg/controller/statefulset/stateful_set_utils.go.
 */
import type { StatefulSet } from '../../api/generated/apps/v1.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, Volume } from '../../api/generated/core/v1.ts';
import type { OwnerReference } from '../../api/generated/meta/v1.ts';
import type { Kind } from '../../api/kind.ts';
import { statefulSet } from '../../api/kinds/apps/stateful-set.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import type { KubeObject, Received } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { newControllerRef } from '../owner-refs.ts';
import { podOf } from '../pod-control.ts';
import { revisionLabel } from '../revisions.ts';

const podNameLabel = 'statefulset.kubernetes.io/pod-name';
const indexLabel = 'apps.kubernetes.io/pod-index';

export const startOf = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;
export const podName = ({ metadata }: StatefulSet, ordinal: number): string => `${metadata.name}-${ordinal}`;

/** The ordinal of a Pod; undefined when its name is not of the set. */
export function ordinalOf({ metadata }: StatefulSet, pod: Pod): number | undefined {
  const match = /^(.*)-(\d+)$/.exec(pod.metadata.name);
  return match?.[1] === metadata.name ? Number(match[2]) : undefined;
}

export const revisionOf = ({ metadata }: Pod): string => metadata.labels?.[revisionLabel] ?? '';

const claimName = (template: string, set: StatefulSet, ordinal: number): string => `${template}-${set.metadata.name}-${ordinal}`;

/** A claim before it is created. */
export interface NamedClaim {
  readonly name: string;
  /** The name of its template, and of the volume. */
  readonly template: string;
  readonly object: Received<PersistentVolumeClaim>;
}

/** The claims of an ordinal, as they are created. */
export function claimsOf(set: StatefulSet, ordinal: number): readonly NamedClaim[] {
  return (set.spec.volumeClaimTemplates ?? []).map(({ metadata, spec }) => {
    const name = claimName(metadata.name ?? '', set, ordinal);
    const labels = { ...metadata.labels, ...set.spec.selector.matchLabels };
    const object: Received<PersistentVolumeClaim> = {
      apiVersion: persistentVolumeClaim.apiVersion,
      kind: persistentVolumeClaim.kind,
      metadata: {
        name,
        namespace: set.metadata.namespace,
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
        ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
      },
      spec,
    };
    return { name, template: metadata.name ?? '', object };
  });
}

/** The labels by which a Pod is known. */
const identityLabels = (name: string, ordinal: number) => ({ [podNameLabel]: name, [indexLabel]: String(ordinal) });

/** The volumes of a Pod, with those of the set's claims in place of what has their names. */
function withClaims(set: StatefulSet, ordinal: number, volumes: readonly Volume[] = []): readonly Volume[] {
  const own = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }): Volume => {
    const claimed = { claimName: claimName(metadata.name ?? '', set, ordinal), readOnly: false };
    return { name: metadata.name ?? '', persistentVolumeClaim: claimed };
  });
  return [...own, ...volumes.filter((volume) => !own.some((one) => one.name === volume.name))];
}

/** Whether the Pod has the label with its name. */
const hasIdentity = ({ metadata }: Pod): boolean => metadata.labels?.[podNameLabel] === metadata.name;

/** Whether the Pod has the claims of its ordinal as volumes. */
export const hasStorage = (set: StatefulSet, pod: Pod, ordinal: number): boolean =>
  claimsOf(set, ordinal).every(({ template, name }) =>
    pod.spec.volumes?.some((volume) => volume.name === template && volume.persistentVolumeClaim?.claimName === name),
  );

/** The Pod with the labels and the volumes of its ordinal; the same Pod when nothing is missing. */
export function repaired(set: StatefulSet, pod: Pod, ordinal: number): Pod {
  let next = pod;
  if (!hasIdentity(pod)) next = withMeta(next, { labels: { ...pod.metadata.labels, ...identityLabels(pod.metadata.name, ordinal) } });
  if (hasStorage(set, pod, ordinal)) return next;
  return { ...next, spec: { ...next.spec, volumes: withClaims(set, ordinal, pod.spec.volumes) } };
}

/** The Pod of an ordinal, of a template that has a revision. */
export function podOfSet(set: StatefulSet, template: PodTemplateSpec, revision: string, ordinal: number): Received<Pod> {
  const name = podName(set, ordinal);
  const volumes = withClaims(set, ordinal, template.spec.volumes);
  return {
    apiVersion: podKind.apiVersion,
    kind: podKind.kind,
    metadata: {
      ...podOf(set, statefulSet, template).metadata,
      name,
      labels: { ...template.metadata.labels, ...identityLabels(name, ordinal), [revisionLabel]: revision },
    },
    spec: {
      ...template.spec,
      hostname: name,
      ...((set.spec.serviceName ?? '') === '' ? {} : { subdomain: set.spec.serviceName }),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
}

const refersTo = (reference: OwnerReference, owner: KubeObject, kind: Pick<Kind, 'apiVersion' | 'kind'>): boolean =>
  reference.apiVersion === kind.apiVersion && reference.kind === kind.kind && reference.name === owner.metadata.name;

/**
 * The owners of a claim by the retention policy: the set deletes it with itself, a condemned Pod with itself. The
 * owners stay as they are when one is an earlier set or Pod of the same name, and neither is added to another
 * controller: a claim has one.
 */
export function claimOwners(
  set: StatefulSet,
  pod: Pod | undefined,
  owners: readonly OwnerReference[],
  condemned: boolean,
): readonly OwnerReference[] {
  const ofSet = owners.filter((one) => refersTo(one, set, statefulSet));
  const ofPod = pod === undefined ? [] : owners.filter((one) => refersTo(one, pod, podKind));
  if (ofSet.some(({ uid }) => uid !== set.metadata.uid) || ofPod.some(({ uid }) => uid !== pod?.metadata.uid)) return owners;
  const others = owners.filter((one) => !ofSet.includes(one) && !ofPod.includes(one));
  if (others.some(({ controller }) => controller === true)) return others;
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy;
  const goesWithPod = whenScaled === 'Delete' && condemned;
  const goesWithSet = whenDeleted === 'Delete' && !goesWithPod;
  return [
    ...others,
    ...(goesWithSet ? [newControllerRef(set, statefulSet)] : []),
    ...(goesWithPod && pod !== undefined ? [newControllerRef(pod, podKind)] : []),
  ];
}
