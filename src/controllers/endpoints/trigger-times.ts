/**
 * The times from which it is measured how long changes of Pods take to reach the network. Source: k8s.io/endpointslice
 * util/trigger_time_tracker.go.
 */
import type { Pod, Service } from '../../api/generated/core/v1.ts';
import { rfc3339 } from '../../api/time.ts';
import { podCondition, timeOf } from '../pods.ts';

interface Known {
  readonly serviceMs: number;
  /** By the names of the Pods. */
  readonly podsMs: ReadonlyMap<string, number>;
}

const readySince = (object: Pod): number => timeOf(podCondition(object, 'Ready')?.lastTransitionTime);

/** Remembers what Services and their Pods looked like when their endpoints were last looked at. */
export class TriggerTimes {
  readonly #known = new Map<string, Known>();

  /**
   * The earliest change since the last call for this Service; its creation, the first time; undefined: nothing has
   * changed that counts. Must be called for each look at a Service. `pods`: all that it selects.
   */
  next({ metadata }: Service, pods: readonly Pod[]): string | undefined {
    const key = `${metadata.namespace}/${metadata.name}`;
    const before = this.#known.get(key);
    const serviceMs = timeOf(metadata.creationTimestamp);
    const podsMs = new Map(
      pods.map((each) => [each.metadata.name, readySince(each)]).filter((entry): entry is [string, number] => entry[1] !== 0),
    );
    this.#known.set(key, { serviceMs, podsMs });
    if (before === undefined) return rfc3339(serviceMs);
    const changed = [...podsMs].filter(([name, ms]) => ms > (before.podsMs.get(name) ?? 0)).map(([, ms]) => ms);
    if (serviceMs > before.serviceMs) changed.push(serviceMs);
    return changed.length === 0 ? undefined : rfc3339(Math.min(...changed));
  }

  /** A Service has gone. */
  forget(namespace: string, name: string): void {
    this.#known.delete(`${namespace}/${name}`);
  }
}
