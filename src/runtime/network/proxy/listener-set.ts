/**
 * All listening sockets of the proxy, kept in step with the wanted bindings.
 *
 * Linux refuses a listener on one address while another listens on all addresses at the same port. So wanted bindings
 * are grouped by protocol and port. As soon as one of a TCP group wants all addresses, a single socket serves the group
 * and distinguishes bindings by the address that the client used. A socket that cannot be opened is reported, and tried
 * again when its group changes, or after a back-off of 1 s doubling to 60 s. There are no timers while all sockets are
 * open.
 */
import type { Clock } from '../../../client/clock.ts';
import type { L4Protocol } from '../network-state.ts';
import type { L4Listener, ListenerContext, OpenListener } from './listener.ts';
import type { LocalEnd, Route } from './route.ts';

const wildcard = '0.0.0.0';
const firstRetryMs = 1000;
const lastRetryMs = 60_000;

/** A wanted address and port. */
export interface Binding {
  readonly protocol: L4Protocol;
  readonly address: string;
  readonly port: number;
  readonly route: Route;
}

/** A binding that failed, or that works again (error is undefined). */
export interface ListenerReport {
  readonly binding: Binding;
  readonly error: string | undefined;
}

export interface ListenerSetOptions {
  readonly context: ListenerContext;
  readonly clock: Clock;
  readonly open: Readonly<Record<L4Protocol, OpenListener>>;
  report(report: ListenerReport): void;
}

interface Slot {
  readonly address: string;
  listener: L4Listener | undefined;
  opening: boolean;
  /** True when the slot is no longer wanted. A socket that is still being opened is closed as soon as it is open. */
  closed: boolean;
  error: string | undefined;
  retryMs: number;
  cancelRetry: (() => void) | undefined;
}

interface Group {
  readonly protocol: L4Protocol;
  readonly port: number;
  readonly bindings: Map<string, Binding>;
  readonly slots: Map<string, Slot>;
  /**
   * Slots that were closed while being opened. Until their sockets are gone, other sockets cannot be opened in their
   * place.
   */
  leaving: number;
}

/** Explains the system's error to a user. */
export function explainListenError(error: Error, port: number): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `port ${port} is in use by another process on this machine`;
  if (code === 'EACCES') return `no permission to listen on port ${port}`;
  if (code === 'EADDRNOTAVAIL') return 'the address does not belong to this machine';
  return error.message;
}

/** Owns the listeners. */
export class ListenerSet {
  readonly #options: ListenerSetOptions;
  readonly #groups = new Map<string, Group>();
  #opening = 0;
  #idle: (() => void)[] = [];

  constructor(options: ListenerSetOptions) {
    this.#options = options;
  }

  /** Adds a binding, or gives its address and port a new route. Returns false when they belong to another Service. */
  set(binding: Binding): boolean {
    const group = this.#group(binding);
    const current = group.bindings.get(binding.address);
    if (current !== undefined && (current.route.namespace !== binding.route.namespace || current.route.name !== binding.route.name))
      return false;
    group.bindings.set(binding.address, binding);
    if (current === undefined) this.#reconcile(group);
    else for (const slot of group.slots.values()) slot.listener?.backendsChanged();
    return true;
  }

  delete(binding: Binding): void {
    const group = this.#group(binding);
    if (group.bindings.get(binding.address)?.route.balancer !== binding.route.balancer) return;
    group.bindings.delete(binding.address);
    this.#reconcile(group);
    if (group.bindings.size === 0) this.#groups.delete(`${binding.protocol} ${binding.port}`);
  }

  /** Resolves when no socket is being opened. */
  settled(): Promise<void> {
    return this.#opening === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  close(): void {
    for (const group of this.#groups.values()) {
      group.bindings.clear();
      this.#reconcile(group);
    }
    this.#groups.clear();
  }

  #group({ protocol, port }: Binding): Group {
    const key = `${protocol} ${port}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { protocol, port, bindings: new Map(), slots: new Map(), leaving: 0 };
      this.#groups.set(key, group);
    }
    return group;
  }

  #reconcile(group: Group): void {
    const shared = group.protocol === 'TCP' && group.bindings.has(wildcard);
    const wanted = shared ? new Set([wildcard]) : new Set(group.bindings.keys());
    for (const [address, slot] of group.slots) {
      if (wanted.has(address)) continue;
      group.slots.delete(address);
      slot.closed = true;
      slot.cancelRetry?.();
      slot.listener?.close();
      if (slot.opening) group.leaving++;
    }
    if (group.leaving > 0) return;
    for (const slot of group.slots.values()) {
      if (slot.cancelRetry === undefined) continue;
      slot.cancelRetry();
      slot.cancelRetry = undefined;
      this.#open(group, slot);
    }
    for (const address of wanted) {
      if (group.slots.has(address)) continue;
      const slot: Slot = {
        address,
        listener: undefined,
        opening: false,
        closed: false,
        error: undefined,
        retryMs: firstRetryMs,
        cancelRetry: undefined,
      };
      group.slots.set(address, slot);
      this.#open(group, slot);
    }
  }

  #open(group: Group, slot: Slot): void {
    const routeOf = (local: LocalEnd): Route | undefined => this.#routeOf(group, slot, local);
    this.#opening++;
    slot.opening = true;
    const opened = this.#options.open[group.protocol](this.#options.context, { address: slot.address, port: group.port }, routeOf);
    void opened
      .then(
        (listener) => this.#opened(group, slot, listener),
        (error: unknown) => this.#failed(group, slot, error),
      )
      .finally(() => {
        slot.opening = false;
        if (slot.closed && --group.leaving === 0) this.#reconcile(group);
        if (--this.#opening > 0) return;
        for (const resolve of this.#idle.splice(0)) resolve();
      });
  }

  #opened(group: Group, slot: Slot, listener: L4Listener): void {
    if (slot.closed) {
      listener.close();
      return;
    }
    slot.listener = listener;
    slot.retryMs = firstRetryMs;
    if (slot.error === undefined) return;
    slot.error = undefined;
    this.#reportSlot(group, slot);
  }

  #failed(group: Group, slot: Slot, error: unknown): void {
    if (slot.closed) return;
    const text = error instanceof Error ? explainListenError(error, group.port) : String(error);
    const news = slot.error !== text;
    slot.error = text;
    slot.cancelRetry = this.#options.clock.setTimer(slot.retryMs, () => {
      slot.cancelRetry = undefined;
      this.#open(group, slot);
    });
    slot.retryMs = Math.min(slot.retryMs * 2, lastRetryMs);
    if (news) this.#reportSlot(group, slot);
  }

  #reportSlot(group: Group, slot: Slot): void {
    for (const binding of group.bindings.values()) {
      if (slot.address === wildcard || slot.address === binding.address) this.#options.report({ binding, error: slot.error });
    }
  }

  #routeOf(group: Group, slot: Slot, local: LocalEnd): Route | undefined {
    if (slot.address !== wildcard || group.bindings.size === 1) return group.bindings.get(slot.address)?.route;
    const exact = group.bindings.get(local.localAddress ?? '');
    return (exact ?? group.bindings.get(wildcard))?.route;
  }
}
