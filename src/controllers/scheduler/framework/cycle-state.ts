/**
 * The state that plugins keep for one Pod from one extension point to the next. Source:
 * pkg/scheduler/framework/cycle_state.go.
 */

/** The key of a value in a cycle's state. Keys are compared by identity, so plugins cannot share one by accident. */
export class StateKey<T> {
  readonly name: string;
  /** Copies a value for a trial (see `CycleState.clone`). Default: the value is immutable, and shared. */
  readonly copy: (value: T) => T;

  constructor(name: string, copy: (value: T) => T = (value) => value) {
    this.name = name;
    this.copy = copy;
  }
}

/** The state of one attempt to schedule one Pod, from PreFilter to PostBind. */
export class CycleState {
  readonly #values = new Map<StateKey<unknown>, unknown>();
  /** Plugins whose Filter, or Score, has nothing to do in this cycle. */
  readonly skipFilter = new Set<string>();
  readonly skipScore = new Set<string>();

  /** Throws when nothing was written: a plugin reads what it wrote at an earlier point. */
  read<T>(key: StateKey<T>): T {
    const value = this.find(key);
    if (value === undefined) throw new Error(`nothing in the cycle's state under ${key.name}`);
    return value;
  }

  find<T>(key: StateKey<T>): T | undefined {
    // The cast is safe: values are stored only by `write`, which ties the value's type to the key.
    return this.#values.get(key as StateKey<unknown>) as T | undefined;
  }

  write<T>(key: StateKey<T>, value: T): void {
    this.#values.set(key as StateKey<unknown>, value);
  }

  /**
   * A copy for trials. When preemption tries the removal of Pods from a node, the cycle's own state must not change.
   */
  clone(): CycleState {
    const copy = new CycleState();
    for (const [key, value] of this.#values) copy.#values.set(key, key.copy(value));
    for (const name of this.skipFilter) copy.skipFilter.add(name);
    for (const name of this.skipScore) copy.skipScore.add(name);
    return copy;
  }
}
