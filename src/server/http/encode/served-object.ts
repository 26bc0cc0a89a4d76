/** Which version of a Kind a request asked for. */
import type { AnyKind, ServedVersion } from '../../../api/kind.ts';
import type { ObjectFormat } from '../../../api/object-format.ts';
import type { Target } from '../../registry/registry.ts';

/** The conversion that a target needs; undefined when it is served as stored. */
export function conversionOf(target: Pick<Target, 'kind' | 'served'>): ServedVersion | undefined {
  const { kind, served } = target;
  if (served === undefined || (served.group === kind.group && served.version === kind.version)) return undefined;
  return kind.codec.alsoServed?.find((also) => also.version === served.version && (also.group ?? kind.group) === served.group);
}

/** `apps/v1` of what a target serves. */
export function servedApiVersion(target: Pick<Target, 'kind' | 'served'>): string {
  const { kind, served } = target;
  if (served === undefined) return kind.apiVersion;
  return served.group === '' ? served.version : `${served.group}/${served.version}`;
}

/** What the Kind declares of the version. */
export const servedSchema = (target: Pick<Target, 'kind' | 'served'>): string | ObjectFormat =>
  conversionOf(target)?.schema ?? target.kind.codec.schema;

/** The name of a Kind's list type. */
export const listKind = ({ names }: AnyKind): string => names.list;
