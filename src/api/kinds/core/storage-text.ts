/** What volumes and claims show of themselves. Source: pkg/apis/core/helper/helpers.go. */
import type { StoredMeta } from '../../object.ts';

/** The annotation that named the class before there was a field. */
export const oldClassAnnotation = 'volume.beta.kubernetes.io/storage-class';

const shortModes = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const;

/** `RWO,ROX`: each mode once, always in the same order. */
export const accessModesText = (modes: readonly string[] = []): string =>
  shortModes.flatMap(([mode, short]) => (modes.includes(mode) ? [short] : [])).join(',');

/** The class of a volume or a claim; '' when there is none. */
export const storageClassOf = ({
  metadata,
  spec,
}: {
  readonly metadata: Pick<StoredMeta, 'annotations'>;
  readonly spec: { readonly storageClassName?: string | undefined };
}): string => metadata.annotations?.[oldClassAnnotation] ?? spec.storageClassName ?? '';
