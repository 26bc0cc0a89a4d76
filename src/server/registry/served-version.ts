/** Which served version of its Kind a request uses. */
import { apiVersionOf, type ServedVersion } from '../../api/kind.ts';
import type { ObjectFormat } from '../../api/object-format.ts';
import type { Target } from './registry.ts';

type Versioned = Pick<Target, 'kind' | 'served'>;

/** The group and version that a request uses. */
export const servedBy = ({ kind, served }: Versioned): { readonly group: string; readonly version: string } =>
  served ?? { group: kind.group, version: kind.version };

/** The apiVersion that a target is served in, e.g. `apps/v1`. */
export const servedApiVersion = ({ kind, served }: Versioned): string =>
  served === undefined ? kind.apiVersion : apiVersionOf(served.group, served.version);

/** The conversions of a request's version; undefined when it is the stored one. */
export function conversionOf({ kind, served }: Versioned): ServedVersion | undefined {
  if (served === undefined) return undefined;
  return kind.codec.alsoServed?.find(({ group, version }) => (group ?? kind.group) === served.group && version === served.version);
}

/** The conversions of a version; undefined when it is the stored one, or not served. */
export const conversionIn = ({ group, codec }: Target['kind'], apiVersion: string): ServedVersion | undefined =>
  codec.alsoServed?.find((served) => apiVersionOf(served.group ?? group, served.version) === apiVersion);

/** The schema that the Kind declares for the request's version: the name of a model, or the format itself. */
export const servedSchema = (target: Versioned): string | ObjectFormat => conversionOf(target)?.schema ?? target.kind.codec.schema;
