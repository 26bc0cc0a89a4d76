/**
 * Custom resources between their versions and the store. Objects are stored in one version; those that were written
 * before the definition changed are brought up to date when they are read. Source: apiextensions-apiserver
 * pkg/apiserver/{customresource_handler,conversion/converter}.go.
 */
import type { CustomResourceDefinition } from '../generated/apiextensions/v1.ts';
import { isObject, type JsonObject } from '../json.ts';
import { apiVersionOf, type StoredForm } from '../kind.ts';
import type { KubeObject } from '../object.ts';
import { asJson, asObject } from '../object-fields.ts';
import type { CustomVersion } from './custom-version.ts';

/** Converts objects by a definition's webhook. */
export interface ConversionWebhooks {
  /**
   * The objects in another version, in the same order. Rejects with StatusError when the webhook cannot be reached or
   * answers nonsense.
   */
  convert(definition: CustomResourceDefinition, objects: readonly JsonObject[], apiVersion: string): Promise<readonly JsonObject[]>;
}

export interface ConversionOptions {
  readonly definition: CustomResourceDefinition;
  readonly versions: ReadonlyMap<string, CustomVersion>;
  /** The name of the stored version. */
  readonly stored: string;
  /** Objects of a later revision were written by this definition. */
  readonly since: number;
  readonly webhooks: ConversionWebhooks;
}

/** Returns the function that says how the objects of a version are stored. */
export function createConversions({
  definition,
  versions,
  stored,
  since,
  webhooks,
}: ConversionOptions): (version: CustomVersion) => StoredForm {
  const { group, names, conversion } = definition.spec;
  const kind = definition.status.acceptedNames.kind === '' ? names.kind : definition.status.acceptedNames.kind;
  const storedVersion = versions.get(stored);

  /** Pruned by the version's own schema, and named as of that version. */
  const shaped = (json: JsonObject, version: CustomVersion | undefined): KubeObject =>
    asObject(version?.pruned({ ...json, apiVersion: apiVersionOf(group, version.name) }, { drops: true }) ?? json);

  const convert = (objects: readonly JsonObject[], version: CustomVersion): readonly KubeObject[] | Promise<readonly KubeObject[]> => {
    if (conversion?.strategy !== 'Webhook') return objects.map((json) => shaped(json, version));
    const apiVersion = apiVersionOf(group, version.name);
    const others = objects.filter((json) => json.apiVersion !== apiVersion);
    if (others.length === 0) return objects.map((json) => asObject(json));
    return webhooks.convert(definition, others, apiVersion).then((converted) => {
      const byObject = new Map(others.map((json, i) => [json, converted[i] ?? json]));
      return objects.map((json) => {
        const other = byObject.get(json);
        return other === undefined ? asObject(json) : shaped(other, version);
      });
    });
  };

  return (version) => {
    const apiVersion = apiVersionOf(group, version.name);
    return {
      isCurrent: (object, revision) => object.kind !== kind || (object.apiVersion === apiVersion && revision > since),
      read: (objects) => {
        const current = objects.map((object) => upToDate(asJson(object), versions.get(versionIn(object.apiVersion))));
        if (current.every((json) => json.apiVersion === apiVersion)) return current.map((json) => asObject(json));
        return convert(current, version);
      },
      write: (object) => {
        if (storedVersion === undefined || version === storedVersion || object.kind !== kind) return object;
        const converted = convert([asJson(object)], storedVersion);
        const first = (all: readonly KubeObject[]): KubeObject => all[0] ?? object;
        return converted instanceof Promise ? converted.then(first) : first(converted);
      },
    };
  };
}

const versionIn = (apiVersion: string): string => apiVersion.slice(apiVersion.indexOf('/') + 1);

/** A stored object as its own version now wants it; one that is never set a generation has the first. */
function upToDate(json: JsonObject, version: CustomVersion | undefined): JsonObject {
  const repaired =
    isObject(json.metadata) && json.metadata.generation === undefined ? { ...json, metadata: { ...json.metadata, generation: 1 } } : json;
  return version === undefined ? repaired : version.defaulted(version.pruned(repaired, { drops: true }));
}
