/**
 * Admission: plugins that may change a request, then plugins that may only refuse it. Every write goes through
 * admission, whatever its resource or sub-resource, and so does every CONNECT. Mutating plugins run after decoding and
 * defaults, before prepare and validation. Validating plugins run last before the store. Source: apiserver
 * pkg/admission/{interfaces,attributes,chain}.go.
 */
import type { JsonObject } from '../../api/json.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { GroupVersionKind, StoredMeta } from '../../api/object.ts';
import { type StatusError, statusErrors } from '../../api/status-error.ts';
import type { RequestContext } from '../registry/registry.ts';
import { AdmissionObservations, type StepTimes } from './admission-observations.ts';
import type { AdmissionOperation } from './operation.ts';

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
  /**
   * The options of the request as an object of meta.k8s.io/v1 (CreateOptions, UpdateOptions, DeleteOptions); undefined
   * for CONNECT. Made when asked for, since only webhooks and policies look at it.
   */
  options(): JsonObject | undefined;
  readonly context: RequestContext;
  /**
   * Calls back once it is known whether the write that a validating plugin has let pass was stored. Absent: nothing
   * will be stored.
   */
  onSettled?(callback: (stored: boolean) => void): void;
}

/**
 * What the mutating plugins of one request share. A plugin that calls others (webhooks, policies) may ask that all
 * plugins run once more, because the object has changed since some of them saw it. Source: apiserver
 * pkg/admission/reinvocation.go.
 */
export class MutatingRound {
  /** True in the second run. */
  repeated = false;
  /** Set by a plugin in the first run: there shall be a second. */
  mustRepeat = false;
  readonly #memory = new Map<string, unknown>();
  readonly #withDefaults: (object: AdmissionObject) => AdmissionObject;

  constructor(withDefaults: (object: AdmissionObject) => AdmissionObject) {
    this.#withDefaults = withDefaults;
  }

  /** Adds defaults to a changed object. */
  withDefaults(object: AdmissionObject): AdmissionObject {
    return this.#withDefaults(object);
  }

  /** What a plugin remembers from the first run to the second. */
  memoryOf<T>(plugin: string, make: () => T): T {
    if (!this.#memory.has(plugin)) this.#memory.set(plugin, make());
    // Only the plugin itself uses its name.
    return this.#memory.get(plugin) as T;
  }
}

/** One plugin; has `admit`, `validate` or both, called for every operation. Both throw StatusError to refuse. */
export interface AdmissionPlugin {
  readonly name: string;
  /**
   * Returns the changed object, or undefined when it stays as it is. Must not mutate its argument. The result is
   * ignored for DELETE and CONNECT.
   */
  admit?(attributes: AdmissionAttributes, round: MutatingRound): AdmissionObject | undefined | Promise<AdmissionObject | undefined>;
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
   * Runs the mutating plugins, twice when one of them asks for it, and returns the resulting object. `withDefaults`
   * adds defaults to an object that a plugin has changed, before the next plugin sees it.
   */
  admit(attributes: AdmissionAttributes, withDefaults: (object: AdmissionObject) => AdmissionObject): Promise<AdmissionObject | undefined>;
  /** Runs the validating plugins. */
  validate(attributes: AdmissionAttributes): Promise<void>;
}

type Timed<T> = Readonly<{ run: T; leavesDefaults: boolean; times: StepTimes }>;

/** Makes a chain of plugins in the order given, and notes how long they take. Default: nobody is told. */
export function createAdmissionChain(plugins: readonly AdmissionPlugin[], observations?: AdmissionObservations): AdmissionChain {
  const seen = observations ?? new AdmissionObservations(() => 0);
  const { nowMs, steps } = seen;
  const mutating: Timed<NonNullable<AdmissionPlugin['admit']>>[] = [];
  const validating: Timed<NonNullable<AdmissionPlugin['validate']>>[] = [];
  for (const plugin of plugins) {
    const { leavesDefaults = false } = plugin;
    const { admit, validate } = seen.plugin(plugin.name);
    if (plugin.admit !== undefined) mutating.push({ run: plugin.admit.bind(plugin), leavesDefaults, times: admit });
    if (plugin.validate !== undefined) validating.push({ run: plugin.validate.bind(plugin), leavesDefaults, times: validate });
  }
  return {
    async admit(attributes, withDefaults) {
      const round = new MutatingRound(withDefaults);
      const { operation } = attributes;
      const beganMs = nowMs();
      let lastMs = beganMs;
      let times: StepTimes | undefined;
      let current = attributes;
      try {
        for (;;) {
          for (const plugin of mutating) {
            times = plugin.times;
            const answer = plugin.run(current, round);
            // Most plugins return synchronously; each `await` would cost a microtask.
            const object = answer instanceof Promise ? await answer : answer;
            if (object !== undefined && object !== current.object) {
              current = { ...current, object: plugin.leavesDefaults ? object : withDefaults(object) };
            }
            const atMs = nowMs();
            times.add(operation, false, atMs - lastMs);
            lastMs = atMs;
          }
          if (round.repeated || !round.mustRepeat) break;
          round.repeated = true;
        }
      } catch (error) {
        const atMs = nowMs();
        times?.add(operation, true, atMs - lastMs);
        steps.admit.add(operation, true, atMs - beganMs);
        throw error;
      }
      steps.admit.add(operation, false, lastMs - beganMs);
      return current.object;
    },
    async validate(attributes) {
      const { operation } = attributes;
      const beganMs = nowMs();
      let lastMs = beganMs;
      let times: StepTimes | undefined;
      try {
        for (const plugin of validating) {
          times = plugin.times;
          const answer = plugin.run(attributes);
          if (answer instanceof Promise) await answer;
          const atMs = nowMs();
          times.add(operation, false, atMs - lastMs);
          lastMs = atMs;
        }
      } catch (error) {
        const atMs = nowMs();
        times?.add(operation, true, atMs - lastMs);
        steps.validate.add(operation, true, atMs - beganMs);
        throw error;
      }
      steps.validate.add(operation, false, lastMs - beganMs);
    },
  };
}

/** The error of a plugin that refuses. Source: apiserver pkg/admission/errors.go (NewForbidden). */
export function admissionForbidden({ kind, object, name }: AdmissionAttributes, cause: string): StatusError {
  const unnamed = object !== undefined && object.metadata === undefined ? 'Unknown/errorGettingName' : 'Unknown';
  const shown = name || object?.metadata?.name || object?.metadata?.generateName || unnamed;
  return statusErrors.forbidden({ group: kind.group, resource: kind.plural }, shown, cause);
}

export type { AdmissionOperation };
