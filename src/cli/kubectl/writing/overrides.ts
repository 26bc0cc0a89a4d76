/** `--overrides` of `run` and `expose`. Source: kubectl pkg/cmd/util/override_options.go. */
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../../api/patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../../../api/patch/strategic-merge-patch.ts';
import { CommandError } from '../command/command.ts';
import type { FlagSpec, Flags } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import type { Info } from '../resources/infos.ts';
import { findResource } from '../resources/resource-args.ts';
import { withUpdatedLastApplied } from './last-applied.ts';
import { StrategicKinds } from './strategic.ts';
import type { Writer } from './writing.ts';

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
  } catch {
    throw new CommandError('Invalid JSON Patch');
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

/**
 * Applies overrides to a generated object and creates it in the namespace of the request. In a client dry run it is not
 * sent.
 */
export async function createGenerated(
  session: Session,
  writer: Writer,
  type: string,
  object: ApiObject,
  verb: string,
): Promise<{ readonly info: Info; readonly object: ApiObject }> {
  const resource = await findResource(session, type);
  const overridden = writer.recorded(withOverrides(session.flags, object, resource), verb);
  const info: Info = { resource, namespace: session.namespace, name: overridden.metadata?.name ?? '', object: overridden, source: '' };
  if (writer.dryRun === 'client') {
    const metadata = { ...overridden.metadata, ...(session.namespaceGiven ? { namespace: session.namespace } : {}) };
    return { info, object: { ...overridden, metadata } };
  }
  return { info, object: await writer.create(info, withUpdatedLastApplied(session.flags.bool('save-config'), overridden)) };
}
