/** What plugins remember of one Pod from one extension point to the next. Source: pkg/scheduler/framework/cycle_state.go. */

/** Names a value of a cycle's state; keys are compared by identity, so no two plugins share one by accident. */
export class StateKey<T> {
  readonly name: string;
  /** How a value is copied for a trial (see `CycleState.clone`); default: it is never changed, and shared. */
  readonly copy: (value: T) => T;

  constructor(name: string, copy: (value: T) => T = (value) => value) {
    this.name = name;
    this.copy = copy;
  }
}

/** Lives from PreFilter to PostBind of one attempt to schedule one Pod. */
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
    // `write` is the only way in and ties the value's type to the key.
    return this.#values.get(key as StateKey<unknown>) as T | undefined;
  }

  write<T>(key: StateKey<T>, value: T): void {
    this.#values.set(key as StateKey<unknown>, value);
  }

  /** A copy to try things on: what preemption takes away from a node must not change what the cycle knows. */
  clone(): CycleState {
    const copy = new CycleState();
    for (const [key, value] of this.#values) copy.#values.set(key, key.copy(value));
    for (const name of this.skipFilter) copy.skipFilter.add(name);
    for (const name of this.skipScore) copy.skipScore.add(name);
    return copy;
  }
}
