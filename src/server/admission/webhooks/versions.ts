/**
 * Objects of requests in the version that a webhook or a policy asks for, and back. Source: apiserver
 * pkg/admission/conversion.go.
 */
import type { JsonObject } from '../../../api/json.ts';
import type { AnyKind } from '../../../api/kind.ts';
import type { GroupVersionKind, KubeObject } from '../../../api/object.ts';
import { asJson } from '../../../api/object-fields.ts';
import type { ObjectFormat, ObjectFormats } from '../../../api/object-format.ts';
import { subresourceType } from '../../../api/subresource.ts';
import { toServed, toStored } from '../../registry/codec.ts';
import type { Target } from '../../registry/registry.ts';
import { servedSchema } from '../../registry/served-version.ts';
import type { AdmissionAttributes, AdmissionObject } from '../admission.ts';
import type { Served } from './matching.ts';

/** The type of a request's object in a version of its resource. */
export const typeIn = ({ kind, subresource }: AdmissionAttributes, version: Served): GroupVersionKind =>
  subresourceType(kind, subresource, version);

/** Whether the objects of a request are of the Kind itself, and so exist in all its versions. */
const ofKind = ({ kind, subresource }: AdmissionAttributes): boolean =>
  subresource === '' || kind.subresources[subresource]?.does === 'update';

/** The Kind of a version: of a custom resource, each version is a Kind of its own. */
const kindIn = ({ kind }: AdmissionAttributes, { version }: Served): AnyKind =>
  kind.allVersions?.().find((other) => other.version === version) ?? kind;

const targetIn = (attributes: AdmissionAttributes, served: Served): Target => ({
  ...{ kind: kindIn(attributes, served), served, namespace: '', name: '', subresource: '' },
});

/** An object as a Kind that is a version of its resource wants it. Rejects with StatusError when a conversion fails. */
async function convertedTo(kind: AnyKind, object: KubeObject): Promise<KubeObject> {
  if (kind.allVersions === undefined || object.apiVersion === kind.apiVersion) return object;
  const [converted] = (await kind.storage?.form?.read([object])) ?? [];
  return converted ?? object;
}

/** An object in a version; null when there is none. Rejects with StatusError when a conversion fails. */
export async function inVersion(
  attributes: AdmissionAttributes,
  object: AdmissionObject | undefined,
  version: Served,
): Promise<JsonObject | null> {
  if (object === undefined) return null;
  // What has the Kind's type is an object of the Kind.
  if (!ofKind(attributes)) return asJson(object as KubeObject);
  const target = targetIn(attributes, version);
  return toServed(target, await convertedTo(target.kind, object as KubeObject));
}

/** How the objects of a request look in a version. */
export const formatIn = (attributes: AdmissionAttributes, version: Served, formats: ObjectFormats): ObjectFormat =>
  ofKind(attributes) ? formats.of(servedSchema(targetIn(attributes, version))) : formats.ofType(typeIn(attributes, version));

/** The object that a JSON document in a version stands for, with defaults. Rejects with StatusError. */
export async function fromVersion(
  attributes: AdmissionAttributes,
  json: JsonObject,
  version: Served,
  formats: ObjectFormats,
): Promise<AdmissionObject> {
  const type = typeIn(attributes, version);
  const target = targetIn(attributes, version);
  const format = formatIn(attributes, version, formats);
  const { object } = format.decode({ type, json, text: undefined, fieldValidation: 'Ignore' });
  // A decoded object has apiVersion and kind.
  return ofKind(attributes) ? convertedTo(attributes.kind, toStored(target, object)) : (object as unknown as AdmissionObject);
}
