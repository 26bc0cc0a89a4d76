/**
 * Admission: plugins that may change a request, then plugins that may only refuse it. Every write goes through
 * admission, whatever its resource or sub-resource, and so does every CONNECT. Mutating plugins run after decoding and
 * defaults, before prepare and validation. Validating plugins run last before the store. Source: apiserver
 * pkg/admission/{interfaces,attributes,chain}.go.
 */
import type { AnyKind } from '../../api/kind.ts';
import type { GroupVersionKind, StoredMeta } from '../../api/object.ts';
import { type StatusError, statusErrors } from '../../api/status-error.ts';
import type { RequestContext } from '../registry/registry.ts';

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/**
 * What plugins look at: an object of the Kind, the body of a sub-resource, or the options of a connection. Options have
 * no metadata.
 */
export interface AdmissionObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: StoredMeta;
}

/** One request as plugins see it. */
export interface AdmissionAttributes {
  readonly operation: AdmissionOperation;
  /** The Kind whose resource the request is about. */
  readonly kind: AnyKind;
  /** The group and version in which the request names the resource. */
  readonly served: { readonly group: string; readonly version: string };
  /** '' for the main resource. */
  readonly subresource: string;
  /** The type of `object` and `oldObject` in the version of the request: the Kind's own type, or the sub-resource's. */
  readonly type: GroupVersionKind;
  /** For a Namespace this is its own name, as upstream. */
  readonly namespace: string;
  /** '' while the name is still to be generated, and when a collection is deleted. */
  readonly name: string;
  /** The new object; undefined for DELETE. */
  readonly object: AdmissionObject | undefined;
  /** The stored object; undefined for CREATE and CONNECT. */
  readonly oldObject: AdmissionObject | undefined;
  readonly dryRun: boolean;
  readonly context: RequestContext;
}

/** One plugin; has `admit`, `validate` or both, called for every operation. Both throw StatusError to refuse. */
export interface AdmissionPlugin {
  readonly name: string;
  /**
   * Returns the changed object, or undefined when it stays as it is. Must not mutate its argument. The result is
   * ignored for DELETE and CONNECT.
   */
  admit?(attributes: AdmissionAttributes): AdmissionObject | undefined | Promise<AdmissionObject | undefined>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
  /**
   * True: the objects that it returns are complete with defaults, as those of upstream's own plugins are. Webhooks and
   * policies do not know the defaults. Default: false.
   */
  readonly leavesDefaults?: boolean;
}

/** All plugins in order. */
export interface AdmissionChain {
  /**
   * Runs the mutating plugins and returns the resulting object. `withDefaults` adds defaults to an object that a plugin
   * has changed, before the next plugin sees it.
   */
  admit(attributes: AdmissionAttributes, withDefaults: (object: AdmissionObject) => AdmissionObject): Promise<AdmissionObject | undefined>;
  /** Runs the validating plugins. */
  validate(attributes: AdmissionAttributes): Promise<void>;
}

/** Makes a chain of plugins in the order given. */
export function createAdmissionChain(plugins: readonly AdmissionPlugin[]): AdmissionChain {
  return {
    async admit(attributes, withDefaults) {
      let current = attributes;
      for (const plugin of plugins) {
        const answer = plugin.admit?.(current);
        // Most plugins return synchronously; each `await` would cost a microtask.
        const object = answer instanceof Promise ? await answer : answer;
        if (object === undefined || object === current.object) continue;
        current = { ...current, object: plugin.leavesDefaults === true ? object : withDefaults(object) };
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
  const unnamed = object !== undefined && object.metadata === undefined ? 'Unknown/errorGettingName' : 'Unknown';
  const shown = name || object?.metadata?.name || object?.metadata?.generateName || unnamed;
  return statusErrors.forbidden({ group: kind.group, resource: kind.plural }, shown, cause);
}
