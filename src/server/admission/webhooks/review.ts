/**
 * AdmissionReview: what webhooks are sent, and what they answer. Source: apiserver
 * pkg/admission/plugin/webhook/request.
 */
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import { apiVersionOf } from '../../../api/kind.ts';
import type { GroupVersionKind } from '../../../api/object.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { Served } from './matching.ts';
import { typeIn } from './versions.ts';

const group = 'admission.k8s.io';
const known: readonly string[] = ['v1', 'v1beta1'];

/** The first version of AdmissionReview that both sides know; undefined when there is none. */
export const reviewVersion = (versions: readonly string[]): string | undefined => versions.find((version) => known.includes(version));

export interface ReviewedObjects {
  readonly object: JsonObject | null;
  readonly oldObject: JsonObject | null;
}

/** The review that asks about a request, whose objects are in a version of the resource. */
export function admissionReview(
  attributes: AdmissionAttributes,
  version: Served,
  { object, oldObject }: ReviewedObjects,
  { uid, reviewed }: { readonly uid: string; readonly reviewed: string },
): JsonObject {
  const { options, dryRun, ...request } = requestJson(attributes, version);
  return {
    kind: 'AdmissionReview',
    apiVersion: apiVersionOf(group, reviewed),
    request: { uid, ...request, object, oldObject, dryRun, options },
  };
}

/** What a request is about, without its objects. */
export function requestJson(attributes: AdmissionAttributes, version: Served): JsonObject {
  const { kind, served, type, subresource, name, namespace, operation, context, dryRun } = attributes;
  const resourceIn = (one: Served): JsonObject => ({ group: one.group, version: one.version, resource: kind.plural });
  return {
    kind: typeJson(typeIn(attributes, version)),
    resource: resourceIn(version),
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: typeJson(type),
    requestResource: resourceIn(served),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: userInfo(context.user),
    dryRun,
    options: attributes.options() ?? null,
  };
}

const typeJson = (type: GroupVersionKind): JsonObject => ({ group: type.group, version: type.version, kind: type.kind });

function userInfo({ name, uid, groups, extra }: AdmissionAttributes['context']['user']): JsonObject {
  return {
    ...(name === '' ? {} : { username: name }),
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups: [...groups] }),
    ...(Object.keys(extra).length === 0
      ? {}
      : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
  };
}

/** What a webhook decided. */
export interface Verdict {
  readonly allowed: boolean;
  /** The Status that explains a refusal. */
  readonly result: JsonObject | undefined;
  /** A JSON patch; undefined when nothing is to be changed. */
  readonly patch: JsonValue | undefined;
  readonly patchType: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

/** Reads the answer to a review. Throws an Error with upstream's words when it is none. */
export function verdictOf(
  answer: JsonObject,
  asked: { readonly uid: string; readonly reviewed: string; readonly mutating: boolean },
): Verdict {
  const { response } = answer;
  if (!isObject(response)) throw new Error('webhook response was absent');
  if (asked.reviewed === 'v1') requireAnswerTo(answer, response, asked);
  const { patch, patchType } = response;
  const given = text(patch);
  const changes = asked.mutating && given !== '';
  return {
    allowed: response.allowed === true,
    // A Status is JSON.
    result: isObject(response.status) ? response.status : undefined,
    patch: changes ? patchIn(given) : undefined,
    patchType: asked.reviewed === 'v1' ? text(patchType) : changes ? 'JSONPatch' : '',
    warnings: Array.isArray(response.warnings) ? response.warnings.map(text) : [],
    auditAnnotations: isObject(response.auditAnnotations)
      ? Object.fromEntries(Object.entries(response.auditAnnotations).map(([key, value]) => [key, text(value)]))
      : {},
  };
}

function requireAnswerTo(
  { apiVersion, kind }: JsonObject,
  { uid, patch, patchType }: JsonObject,
  asked: { readonly uid: string; readonly mutating: boolean },
): void {
  if (uid !== asked.uid) throw new Error(`expected response.uid=${JSON.stringify(asked.uid)}, got ${JSON.stringify(text(uid))}`);
  if (apiVersion !== `${group}/v1` || kind !== 'AdmissionReview') {
    throw new Error(`expected webhook response of ${group}/v1, Kind=AdmissionReview, got ${text(apiVersion)}, Kind=${text(kind)}`);
  }
  const given = text(patch) !== '';
  const typed = patchType !== undefined && patchType !== null;
  if (!asked.mutating) {
    if (given) throw new Error('validating webhook may not return response.patch');
    if (typed) throw new Error('validating webhook may not return response.patchType');
    return;
  }
  if (given && !typed) throw new Error('webhook returned response.patch but not response.patchType');
  if (!given && typed) throw new Error('webhook returned response.patchType but not response.patch');
  if (typed && text(patchType) === '') throw new Error('webhook returned invalid response.patchType of ""');
}

/** The patch inside of its base64. */
function patchIn(encoded: string): JsonValue {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as JsonValue;
  } catch (cause) {
    throw new UndecodablePatch('received undecodable patch in webhook response: invalid character', { cause });
  }
}

/** The answer is well-formed but for its patch. */
export class UndecodablePatch extends Error {}
