/** The patch verb for server-side apply. Source: apiserver pkg/endpoints/handlers/patch.go (applyPatcher). */
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { gateOf } from './admit.ts';
import { decodeBody } from './codec.ts';
import { createApplied } from './create.ts';
import { type ChangeRequest, inNamespace, requireName, withoutSystemMeta } from './prepare.ts';
import type { MutateOptions, PatchRequest, RequestContext, WriteAnswer } from './registry.ts';
import { resourceOf } from './store-errors.ts';
import { change } from './update.ts';

/** Applies a configuration to the stored object, or creates the object. Rejects with StatusError. */
export async function apply(request: ChangeRequest, patch: PatchRequest, options: MutateOptions): Promise<WriteAnswer> {
  const { target, context } = request;
  const config = configOf(patch.body);
  const wanted = async (live: KubeObject | undefined): Promise<KubeObject> => {
    const object = await applied(request, config, { live, options, force: patch.force });
    tellRepetitions(context, patch, options);
    return object;
  };
  return change(request, options, {
    wanted: ({ object }) => wanted(object),
    absent: async () => {
      const object = await wanted(undefined);
      // A sub-resource never creates its object.
      if (target.subresource !== '') throw statusErrors.notFound(resourceOf(target), target.name);
      return createApplied(request, withoutUid(request, object), options);
    },
    gate: gateOf(request, options),
  });
}

/** The configuration in a body. Throws StatusError (400). */
export function configOf(body: JsonValue): JsonObject {
  if (body === null) return {};
  if (isObject(body)) return body;
  const found = Array.isArray(body) ? 'array' : typeof body === 'boolean' ? 'bool' : typeof body;
  throw statusErrors.badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`,
  );
}

/** Refuses fields that the body has twice, or warns of them, once it has been applied. Throws StatusError (400). */
export function tellRepetitions(context: RequestContext, { strictErrors = [] }: PatchRequest, { fieldValidation }: MutateOptions): void {
  if (strictErrors.length === 0 || fieldValidation === 'Ignore') return;
  const text = `error converting YAML to JSON: ${strictErrors.join(', ')}`;
  if (fieldValidation === 'Strict') throw statusErrors.badRequest(`error strict decoding YAML: ${text}`);
  for (const line of yamlWarnings(text)) context.warn(line);
}

/** Source: apiserver pkg/endpoints/handlers/rest.go (parseYAMLWarnings). */
const yamlWarnings = (text: string): readonly string[] => {
  const [, lines] = /^error converting YAML to JSON: yaml: unmarshal errors:\n([\s\S]*)$/.exec(text) ?? [];
  return lines === undefined ? [text] : lines.split('\n').map((line) => line.trim());
};

interface Application {
  readonly live: KubeObject | undefined;
  readonly options: MutateOptions;
  readonly force: boolean;
}

/** The object with the configuration, decoded and with defaults. */
async function applied(request: ChangeRequest, config: JsonObject, { live, options, force }: Application): Promise<KubeObject> {
  const { parts, context, target } = request;
  const json = await parts.fields.apply({ target, live, config, force, manager: options.fieldManager });
  const object = inNamespace(
    target,
    decoded(() => decodeBody(parts, context, target, { json, text: undefined, fieldValidation: 'Ignore' })),
  );
  requireName(target, object);
  return object;
}

/** Values that fit the merge type and still cannot be read are no client's error upstream. */
export function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'BadRequest') throw error;
    throw new StatusError({ code: 500, message: `failed to convert new object to proper version: ${error.message}` });
  }
}

function withoutUid({ target }: ChangeRequest, object: KubeObject): KubeObject {
  const { uid } = object.metadata;
  if (uid === undefined || uid === '') return withoutSystemMeta(object);
  const { group, resource } = resourceOf(target);
  throw statusErrors.conflict(
    { group, resource },
    target.name,
    `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
  );
}
