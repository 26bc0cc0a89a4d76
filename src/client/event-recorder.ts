/** How components report to users what they did: Events, aggregated and rate-limited as by upstream's recorder. */
import type { KubeObject } from '../api/object.ts';

/**
 * The object that an Event is about. `fieldPath` names a part of it, e.g. `spec.containers{mysql}`; `related` is
 * another object that had a part in it.
 */
export interface EventSubject {
  readonly object: KubeObject;
  readonly fieldPath?: string;
  readonly related?: KubeObject;
}

export interface EventRecorder {
  /** Queues an Event; never blocks or throws. `reason` is UpperCamelCase, `message` for people. */
  event(about: KubeObject | EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void;
}
