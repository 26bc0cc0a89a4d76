/** The common part of all volumes whose files are made from API objects. */
import { join } from 'node:path';
import type { KeyToPath, Volume } from '../../../api/generated/core/v1.ts';
import { type Payload, type ProjectedFile, statOrUndefined } from './atomic-writer.ts';
import { memoryVolumeBytes } from './memory-volume.ts';
import { type Reference, type VolumeContext, VolumeError, type VolumePlugin } from './volume-plugin.ts';

export type Files = Map<string, ProjectedFile>;

export interface ContentVolume<S extends object> {
  sourceOf(volume: Volume): S | undefined;
  readonly folder: string;
  /** The volume's files. Rejects with `VolumeError` when an object that they are made from is missing. */
  payload(source: S, context: VolumeContext): Promise<Payload>;
  /** Rejects when `payload` would, without making the files; default: calls `payload`. */
  check?(source: S, context: VolumeContext): Promise<void>;
  references?(source: S): Iterable<Reference>;
  /**
   * Whether the files must be kept in memory instead of on disk. Differs: upstream keeps downward API volumes and
   * tokens in memory as well; here a mount for each pod would cost more than the protection is worth.
   */
  holdsSecrets?(source: S): boolean;
}

/** Makes the plugin. Such volumes are read-only. */
export function contentVolume<S extends object>(type: ContentVolume<S>): VolumePlugin<S> {
  return {
    sourceOf: (volume) => type.sourceOf(volume),
    folder: type.folder,
    readOnly: true,
    setUp: async (source, path, context, host) => {
      const payload = await type.payload(source, context);
      const { pod, facts } = context;
      const memoryBytes = type.holdsSecrets?.(source) === true ? memoryVolumeBytes(pod, undefined, facts.allocatable) : undefined;
      await host.writeContent(path, payload, { pod, memoryBytes });
    },
    check: async (source, context) => {
      if (type.check === undefined) await type.payload(source, context);
      else await type.check(source, context);
    },
    holdsContent: async (path) => (await statOrUndefined(join(path, '..data'))) !== undefined,
    references: (source) => type.references?.(source) ?? [],
  };
}

/** An object whose keys become files. */
export interface ObjectProjection {
  readonly name: string;
  readonly items: readonly KeyToPath[] | undefined;
  readonly mode: number;
  readonly optional: boolean;
}

/**
 * The files for an object's keys: for all keys, or for those in `items`. `missing` is the beginning of the error about
 * a missing key.
 */
export function filesOf(data: ReadonlyMap<string, Buffer>, { items, mode, optional }: ObjectProjection, missing: string): Files {
  const files: Files = new Map();
  if (items === undefined || items.length === 0) {
    for (const [key, content] of data) files.set(key, { content, mode });
    return files;
  }
  for (const item of items) {
    const content = data.get(item.key);
    if (content === undefined) {
      if (optional) continue;
      throw new VolumeError(`${missing}: ${item.key}`);
    }
    files.set(item.path, { content, mode: item.mode ?? mode });
  }
  return files;
}
