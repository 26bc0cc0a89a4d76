/** `--overrides` of `run` and `expose`. Source: kubectl pkg/cmd/util/override_options.go. */
import { errorText } from '../../../api/error-text.ts';
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../../api/patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../../../api/patch/strategic-merge-patch.ts';
import { CommandError } from '../command/command.ts';
import type { FlagSpec, Flags } from '../command/flags.ts';
import type { ApiObject } from '../command/session.ts';
import { StrategicKinds } from './strategic.ts';

export const overrideFlags: readonly FlagSpec[] = [
  { name: 'overrides', type: 'string', help: 'An inline JSON override for the generated object.' },
  {
    name: 'override-type',
    type: 'string',
    fallback: 'merge',
    help: 'The method used to override the generated object: json, merge, or strategic.',
  },
];

function parseOverrides(text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch (error) {
    throw new CommandError(`invalid overrides: ${errorText(error)}`);
  }
}

/** The object with the overrides of the flags. Throws CommandError. */
export function withOverrides(
  flags: Flags,
  object: ApiObject,
  resource: { readonly group: string; readonly version: string; readonly kind: string },
): ApiObject {
  const text = flags.string('overrides');
  if (text === '') return object;
  const patch = parseOverrides(text);
  const type = flags.string('override-type');
  const apply = (): JsonObject => {
    if (type === 'json') return applyJsonPatch(object, patch);
    if (type === 'merge') return applyMergePatch(object, patch);
    const target = new StrategicKinds().target(resource);
    if (type !== 'strategic' || target === undefined) throw new CommandError(`invalid override type: ${type}`);
    return applyStrategicMergePatch(object, patch, target);
  };
  return apply();
}
