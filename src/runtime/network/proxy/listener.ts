/** What TCP and UDP listeners have in common. */
import type { LocalEnd, Route } from './route.ts';
import type { RelayContext } from './tcp-relay.ts';

export type ListenerContext = RelayContext;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** An open listening socket. */
export interface L4Listener {
  /** Stops listening at once; the port is free when this returns. */
  close(): void;
  /** Drops what may no longer go to its backend (UDP flows). */
  backendsChanged(): void;
}

/** Whose traffic arrived; undefined: nobody's any more. */
export type RouteOf = (local: LocalEnd) => Route | undefined;

/** Opens a listening socket; rejects with the system's error. */
export type OpenListener = (context: ListenerContext, endpoint: Endpoint, routeOf: RouteOf) => Promise<L4Listener>;
