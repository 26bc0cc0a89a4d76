/** The common interface of TCP and UDP listeners. */
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
  /** Drops UDP flows that may no longer go to their backend. */
  backendsChanged(): void;
}

/** The route for traffic that has arrived; undefined when it belongs to no Service any more. */
export type RouteOf = (local: LocalEnd) => Route | undefined;

/** Opens a listening socket; rejects with the system's error. */
export type OpenListener = (context: ListenerContext, endpoint: Endpoint, routeOf: RouteOf) => Promise<L4Listener>;
