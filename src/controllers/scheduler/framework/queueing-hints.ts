/**
 * Indexes the plugins' registered events, to find the queueing hints that apply to an event. Source:
 * pkg/scheduler/scheduler.go buildQueueingHintMap.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Kind } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ActionSet, ClusterEvent, RegisteredEvent } from './cluster-event.ts';
import type { Plugin } from './plugin.ts';

export interface PluginHint {
  readonly plugin: string;
  readonly registered: RegisteredEvent;
}

export class QueueingHints {
  readonly #byKind = new Map<string, PluginHint[]>();
  /** The Kinds for which plugins registered events. */
  readonly kinds: readonly Kind<KubeObject>[];

  constructor(plugins: readonly Pick<Plugin, 'name' | 'events'>[]) {
    const kinds = new Map<string, Kind<KubeObject>>();
    for (const { name, events = [] } of plugins) {
      for (const registered of events) {
        const known = this.#byKind.get(registered.resourceName) ?? [];
        known.push({ plugin: name, registered });
        this.#byKind.set(registered.resourceName, known);
        kinds.set(registered.resourceName, registered.kind);
      }
    }
    this.kinds = [...kinds.values()];
  }

  /** The union of actions that plugins registered for a Kind. Other actions need not be detected. */
  wanted({ resourceName }: { readonly resourceName: string }): ActionSet {
    return (this.#byKind.get(resourceName) ?? []).reduce((all, { registered }) => all | registered.actions, 0);
  }

  /** The registrations that match an event. */
  of(event: ClusterEvent): readonly PluginHint[] {
    return (this.#byKind.get(event.kind.resourceName) ?? []).filter(({ registered }) => (registered.actions & event.actions) !== 0);
  }
}

/** The plugins that refused a Pod at its last attempt. */
export interface Rejectors {
  /** Names of all plugins that refused the Pod. */
  readonly plugins: ReadonlySet<string>;
  /** Names of those among them that returned `Pending`. */
  readonly pending: ReadonlySet<string>;
}

export const noRejectors: Rejectors = { plugins: new Set(), pending: new Set() };

/** The effect of an event on a Pod: none, another attempt after its back-off, or an attempt at once. */
export type Effect = 'none' | 'afterBackoff' | 'now';

/** Asks the hints of the plugins that refused a Pod. A Pod that no plugin refused is tried again after any event. */
export function effectOf(pod: Pod, rejectors: Rejectors, event: ClusterEvent, hints: readonly PluginHint[]): Effect {
  if (rejectors.plugins.size === 0) return 'afterBackoff';
  let effect: Effect = 'none';
  for (const { plugin, registered } of hints) {
    if (!rejectors.plugins.has(plugin) || !registered.hint(pod, event)) continue;
    if (rejectors.pending.has(plugin)) return 'now';
    if (rejectors.pending.size === 0) return 'afterBackoff';
    effect = 'afterBackoff';
  }
  return effect;
}
