/** Handles POST, PUT and PATCH of objects, and of the sub-resources that are views of the object itself. */

import { goJsonError } from '../../../api/go-json-error.ts';
import type { JsonValue } from '../../../api/json.ts';
import { isCustom } from '../../../api/kind.ts';
import { mayNestTooDeep, nestsTooDeep } from '../../../api/nesting.ts';
import type { PatchType } from '../../../api/request-options.ts';
import { hasProtobuf, hasStrategicMerge } from '../../../api/schema/model-formats.ts';
import { patchStrictErrors } from '../../../api/schema/strict.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { subresourcesIn } from '../../../api/subresource.ts';
import { wellFormedJson } from '../../../api/well-formed.ts';
import { duplicateKeysError, YamlError } from '../../../api/yaml/yaml-error.ts';
import type { Target, WriteAnswer } from '../../registry/registry.ts';
import { conversionOf, servedApiVersion, servedBy, servedSchema } from '../../registry/served-version.ts';
import type { Answer } from '../answer.ts';
import { authorize } from '../auth/authorize.ts';
import { decodeBody, inputType, readBody } from '../body.ts';
import { encodeEntry } from '../encode/encode.ts';
import type { Exchange } from '../exchange.ts';
import type { Representation } from '../negotiation.ts';
import { forceParam, mutateOptions } from '../options/mutate-options.ts';
import type { ServerContext } from '../server-context.ts';
import { encodeContext, negotiateFor, send } from './read.ts';

/** Adds the warning of a deprecated version; what is not served warns of nothing. */
export function warnDeprecated(exchange: Exchange, target: Target): void {
  const { kind, subresource } = target;
  if (subresource !== '' && !Object.hasOwn(subresourcesIn(kind, servedBy(target)), subresource) && !isCustom(kind)) return;
  const conversion = conversionOf(target);
  const deprecation = conversion === undefined ? kind.codec.deprecation : conversion.deprecation;
  if (deprecation !== undefined) exchange.deprecate(deprecation);
}

const answer = (
  exchange: Exchange,
  server: ServerContext,
  target: Target,
  representation: Representation,
  written: WriteAnswer,
  status: number,
) => send(exchange, status, representation, encodeEntry(target, written.entry, representation, encodeContext(exchange, server)));

/** Reads the body of a POST or PUT. */
async function received(exchange: Exchange, server: ServerContext, target: Target) {
  const apiVersion = servedApiVersion(target);
  const { kind } = target.kind;
  const type = inputType(exchange.header('content-type'), () => hasProtobuf(servedSchema(target)));
  const body = await decodeBody(await readBody(exchange), { type, codec: server.codec, yaml: server.yaml, apiVersion, kind });
  exchange.audit?.request(body.json);
  return body;
}

export async function handleCreate(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const representation = negotiateFor(exchange, target);
  const body = await received(exchange, server, target);
  const options = mutateOptions(exchange, 'CreateOptions');
  const written = await server.registry.create(exchange, target, body, options);
  return answer(exchange, server, target, representation, written, 201);
}

export async function handleUpdate(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const representation = negotiateFor(exchange, target);
  const options = mutateOptions(exchange, 'UpdateOptions');
  const body = await received(exchange, server, target);
  const authorizeCreate = () => authorize(exchange, server.authorizer, 'create');
  const written = await server.registry.update(exchange, target, body, { ...options, authorizeCreate });
  return answer(exchange, server, target, representation, written, written.created ? 201 : 200);
}

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

export const acceptedPatchTypes: readonly string[] = Object.keys(patchTypes);

/** The type of a patch. Custom resources have no strategic merge. Throws 415. */
export function patchTypeOf(contentType: string, strategic: () => boolean): PatchType {
  const [bare = ''] = contentType.split(';', 1);
  const name = bare.trim();
  const type = Object.hasOwn(patchTypes, name) ? patchTypes[name] : undefined;
  if (type === undefined || (type === 'strategic' && !strategic())) {
    const accepted = Object.keys(patchTypes).filter((accepts) => strategic() || patchTypes[accepts] !== 'strategic');
    throw statusErrors.unsupportedMediaType(
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    );
  }
  return type;
}

/** The body of an apply that is JSON, as most are: reading it as YAML would give the same and take longer. */
function quickJson(text: string): { readonly json: JsonValue } | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    // JSON.parse returns only JSON values.
    const json = JSON.parse(text) as JsonValue;
    return patchStrictErrors(json, text, false).length > 0 || (mayNestTooDeep(text.length) && nestsTooDeep(json)) ? undefined : { json };
  } catch {
    return undefined;
  }
}

async function yamlBody(
  text: string,
  yaml: ServerContext['yaml'],
): Promise<{ readonly json: JsonValue; readonly strictErrors: readonly string[] }> {
  try {
    const document = await yaml.read(text);
    return { json: document.json, strictErrors: duplicateKeysError(document) };
  } catch (error) {
    if (error instanceof YamlError) {
      throw statusErrors.badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${error.message}`);
    }
    throw error;
  }
}

/** The body of a patch, and the errors of strict validation in it. Throws 400. */
export async function patchBody(
  exchange: Exchange,
  { yaml }: ServerContext,
  type: PatchType,
): Promise<{ readonly json: JsonValue; readonly strictErrors?: readonly string[] }> {
  const text = wellFormedJson((await readBody(exchange)).toString('utf8'));
  if (type === 'apply') {
    return quickJson(text) ?? yamlBody(text, yaml);
  }
  let json: JsonValue;
  try {
    // JSON.parse returns only JSON values.
    json = JSON.parse(text) as JsonValue;
  } catch (error) {
    throw statusErrors.badRequest(goJsonError(text, error));
  }
  if (mayNestTooDeep(text.length) && nestsTooDeep(json)) throw statusErrors.badRequest('exceeded max depth');
  const strictErrors = patchStrictErrors(json, text, type === 'json');
  return strictErrors.length === 0 ? { json } : { json, strictErrors };
}

/** An apply may create the object, and then needs the permission to. */
const creating = (exchange: Exchange, server: ServerContext, type: PatchType) =>
  type === 'apply' ? { authorizeCreate: () => authorize(exchange, server.authorizer, 'create') } : {};

export async function handlePatch(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const type = patchTypeOf(exchange.header('content-type'), () => hasStrategicMerge(servedSchema(target)));
  const representation = negotiateFor(exchange, target);
  const options = { ...mutateOptions(exchange, 'PatchOptions', type), ...creating(exchange, server, type) };
  const { json: body, strictErrors = [] } = await patchBody(exchange, server, type);
  exchange.audit?.request(body);
  const written = await server.registry.patch(exchange, target, { type, body, force: forceParam(exchange), strictErrors }, options);
  return answer(exchange, server, target, representation, written, written.created ? 201 : 200);
}
