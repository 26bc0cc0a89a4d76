/** Merges the fields that a policy gives into an object. Source: apiserver policy/mutating/patch/smd.go. */
import { conformError } from '../../../api/apply/conform.ts';
import { mergeObjects } from '../../../api/apply/merge.ts';
import { deducedType, kindOf, type MergeType } from '../../../api/apply/merge-type.ts';
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import type { ObjectFormats } from '../../../api/object-format.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { Served } from '../webhooks/matching.ts';
import { formatIn } from '../webhooks/versions.ts';

export type Merged = { readonly object: JsonObject } | { readonly problem: string };

/** The object with the fields of a configuration, or why it cannot have them. */
export function mergedConfiguration(
  { attributes, version, formats }: { readonly attributes: AdmissionAttributes; readonly version: Served; readonly formats: ObjectFormats },
  object: JsonObject,
  configuration: JsonObject,
): Merged {
  const type = formatIn(attributes, version, formats).mergeType?.() ?? deducedType;
  const misfit = conformError(type, configuration);
  if (misfit !== undefined) return { problem: `failed to convert patch object to typed object: ${misfit}` };
  const atomics = atomicPaths(type, configuration, '');
  if (atomics.length > 0) {
    return { problem: `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}` };
  }
  return { object: mergeObjects(type, object, configuration) };
}

/** What can only be replaced as a whole, so that fields which a policy does not give would be lost. */
function atomicPaths(type: MergeType, value: JsonValue, path: string): readonly string[] {
  const kind = kindOf(type, value);
  if (kind === 'map' && type.map !== undefined && isObject(value)) {
    const { map } = type;
    const inside = Object.entries(value).flatMap(([name, item]) => {
      const field = map.field(name)?.type();
      return field === undefined || item === undefined ? [] : atomicPaths(field, item, `${path}.${name}`);
    });
    return map.atomic ? [path, ...inside] : inside;
  }
  if (kind !== 'list' || type.list === undefined || !Array.isArray(value)) return [];
  return type.list.atomic ? [path] : [];
}
