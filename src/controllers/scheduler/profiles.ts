/**
 * The profiles of the scheduler: each has its plugins, its name as the source of Events, and its way through the nodes.
 * They share the caches, the queue and what waits. Source: pkg/scheduler/profile/profile.go.
 */
import type { Event, Pod } from '../../api/generated/core/v1.ts';
import type { Kind } from '../../api/kind.ts';
import { event as eventKind } from '../../api/kinds/core/event.ts';
import type { KubeObject } from '../../api/object.ts';
import { type ApiEventRecorder, createEventRecorder } from '../../client/api-event-recorder.ts';
import type { SchedulerProfile } from './configuration/profile.ts';
import type { ActionSet } from './framework/cluster-event.ts';
import { Framework } from './framework/framework.ts';
import type { FrameworkHandle, PluginEntry, QueuedPodInfo } from './framework/plugin.ts';
import type { QueueingHints } from './framework/queueing-hints.ts';
import type { Status } from './framework/status.ts';
import { NodeSelector } from './select-node.ts';

export interface Profile {
  readonly framework: Framework;
  readonly selector: NodeSelector;
  readonly events: ApiEventRecorder;
}

const actions: Readonly<Record<string, string>> = { Scheduled: 'Binding', Preempted: 'Preempting' };
const actionOf = (reason: string): string => actions[reason] ?? 'Scheduling';

export class Profiles {
  readonly #byName: ReadonlyMap<string, Profile>;
  readonly #all: readonly Profile[];
  readonly #first: Profile;

  /** Throws SchedulerConfigurationError when a profile cannot be used. */
  constructor(wanted: readonly SchedulerProfile[], registry: readonly PluginEntry[], handle: Omit<FrameworkHandle, 'events'>) {
    const { client, clock, log, signal, random } = handle;
    this.#byName = new Map(
      wanted.map((profile) => {
        const { schedulerName, percentageOfNodesToScore } = profile;
        const events = createEventRecorder({
          ...{ api: client.resource<Event>(eventKind), component: schedulerName, actionOf, clock, log, signal },
        });
        const framework = new Framework(registry, { ...handle, events }, profile);
        return [schedulerName, { framework, selector: new NodeSelector({ framework, random, percentageOfNodesToScore }), events }];
      }),
    );
    this.#all = [...this.#byName.values()];
    const [first] = this.#all;
    if (first === undefined) throw new Error('a scheduler has a profile');
    this.#first = first;
  }

  /** Events that are still to be written. */
  get pendingEvents(): number {
    return this.#all.reduce((sum, { events }) => sum + events.pending, 0);
  }

  /** Whether some profile is for the Pod. */
  has({ spec }: Pod): boolean {
    return this.#byName.has(spec.schedulerName);
  }

  /** The profile of a Pod that was found to have one. */
  of({ spec }: Pod): Profile {
    return this.#byName.get(spec.schedulerName) ?? this.#first;
  }

  /** All profiles sort alike, because there is one queue. */
  less(a: QueuedPodInfo, b: QueuedPodInfo): boolean {
    return this.#first.framework.less(a, b);
  }

  preEnqueue(pod: Pod): Status | undefined {
    return this.of(pod).framework.preEnqueue(pod);
  }

  hintsFor(pod: Pod): QueueingHints {
    return this.of(pod).framework.hints;
  }

  /** The Kinds for which some plugin registered events. */
  get kinds(): readonly Kind<KubeObject>[] {
    const kinds = this.#all.flatMap(({ framework }) => framework.hints.kinds);
    return [...new Map(kinds.map((kind) => [kind.resourceName, kind])).values()];
  }

  /** The actions that some plugin registered for a Kind. */
  wanted(kind: { readonly resourceName: string }): ActionSet {
    return this.#all.reduce((all, { framework }) => all | framework.hints.wanted(kind), 0);
  }

  /** Resolves when the plugins can work. */
  async synced(): Promise<void> {
    await Promise.all(this.#all.map(({ framework }) => framework.synced()));
  }
}
