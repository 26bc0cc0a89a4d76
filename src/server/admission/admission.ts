/**
 * Admission: plugins that may change, then plugins that may refuse, what is about to be stored. Runs after decoding and defaults, before prepare and
 * validation (mutating), and last before the store (validating). Source: apiserver pkg/admission/interfaces.go, chain.go.
 */
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { type StatusError, statusErrors } from '../../api/status-error.ts';
import type { RequestContext } from '../registry/registry.ts';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE';

/** One request as plugins see it. */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation;
  readonly kind: AnyKind;
  readonly subresource: string;
  readonly namespace: string;
  /** '' while a name is still to be generated. */
  readonly name: string;
  /** The new object; undefined for DELETE. */
  readonly object: KubeObject | undefined;
  /** The stored object; undefined for CREATE, and for a DELETE of a collection. */
  readonly oldObject: KubeObject | undefined;
  readonly dryRun: boolean;
  readonly context: RequestContext;
}

/** One plugin; has `admit`, `validate` or both. Both throw StatusError to refuse. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Returns the object, changed or not; may not mutate it. Called for CREATE and UPDATE, and for DELETE with its answer ignored. */
  admit?(object: KubeObject, attributes: AdmissionAttributes): KubeObject | Promise<KubeObject>;
  /** Called for all operations. */
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}

/** All plugins in order. */
export interface AdmissionChain {
  /** Runs the mutating plugins on `attributes.object`. */
  admit(attributes: AdmissionAttributes): Promise<KubeObject | undefined>;
  /** Runs the validating plugins. */
  validate(attributes: AdmissionAttributes): Promise<void>;
}

/** Makes a chain of plugins in the order given. */
export function createAdmissionChain(plugins: readonly AdmissionPlugin[]): AdmissionChain {
  return {
    async admit(attributes) {
      let current = attributes;
      for (const plugin of plugins) {
        if (plugin.admit === undefined || current.object === undefined) continue;
        const answer = plugin.admit(current.object, current);
        // Most plugins answer at once: waiting costs a turn of the microtask queue each.
        const object = answer instanceof Promise ? await answer : answer;
        if (object !== current.object) current = { ...current, object };
      }
      return current.object;
    },
    async validate(attributes) {
      for (const plugin of plugins) {
        const answer = plugin.validate?.(attributes);
        if (answer instanceof Promise) await answer;
      }
    },
  };
}

/** The error of a plugin that refuses. Source: apiserver pkg/admission/errors.go (NewForbidden). */
export function admissionForbidden({ kind, object, name }: AdmissionAttributes, cause: string): StatusError {
  const shown = object?.metadata.name || object?.metadata.generateName || name || 'Unknown/errorGettingName';
  return statusErrors.forbidden({ group: kind.group, resource: kind.plural }, shown, cause);
}
