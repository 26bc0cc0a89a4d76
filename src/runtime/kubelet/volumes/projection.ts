/** One source of a projected volume; a line in `projected.ts` each. Source: pkg/volume/projected/projected.go. */
import type { VolumeProjection } from '../../../api/generated/core/v1.ts';
import type { Files } from './content-volume.ts';
import type { Reference, VolumeContext } from './volume-plugin.ts';

/** `S` is the type of the source's field. */
export interface Projection<S extends object = object> {
  sourceOf(projection: VolumeProjection): S | undefined;
  /** `mode` is that of files which have none of their own. Rejects with `VolumeError` when something is missing. */
  files(source: S, mode: number, context: VolumeContext): Promise<Files>;
  references?(source: S): Iterable<Reference>;
  readonly holdsSecrets?: boolean;
  /** True when asking for the files has effects elsewhere: it is not done only to find out whether it can be. */
  readonly hasEffects?: boolean;
}
