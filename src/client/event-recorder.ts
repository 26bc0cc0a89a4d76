/** How components tell users what they did: Events, aggregated and rate-limited as upstream's recorder does. */
import type { KubeObject } from '../api/object.ts';

/** What an Event is about. `fieldPath` names a part, e.g. `spec.containers{mysql}`. */
export interface EventSubject {
  readonly object: KubeObject;
  readonly fieldPath?: string;
}

export interface EventRecorder {
  /** Queues an Event; never blocks or throws. `reason` is UpperCamelCase, `message` for people. */
  event(about: KubeObject | EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
