/**
 * One kind of source of a projected volume; each is listed in `projected.ts`. Source:
 * pkg/volume/projected/projected.go.
 */
import type { VolumeProjection } from '../../../api/generated/core/v1.ts';
import type { Files } from './content-volume.ts';
import type { Reference, VolumeContext } from './volume-plugin.ts';

/** `S` is the type of the source's field. */
export interface Projection<S extends object = object> {
  sourceOf(projection: VolumeProjection): S | undefined;
  /** `mode` applies to files that set none of their own. Rejects with `VolumeError` when something is missing. */
  files(source: S, mode: number, context: VolumeContext): Promise<Files>;
  references?(source: S): Iterable<Reference>;
  readonly holdsSecrets?: boolean;
  /** True when making the files has side effects, such as requesting a token. A mere check then does not make them. */
  readonly hasEffects?: boolean;
}
