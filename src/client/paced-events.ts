/** A client for which the requests about Events wait until there is time for them. */
import { event } from '../api/kinds/core/event.ts';
import type { Client } from './client.ts';
import { heldClient } from './held-client.ts';
import type { Pacer } from './pacer.ts';

/**
 * Events tell people what happened and hold nothing up, so each request about them takes its turn at the pacer.
 * Upstream holds them back, too: its kubelets write
 * 50 a second (eventRecordQPS).
 */
export function pacedEvents(client: Client, pacer: Pacer): Client {
  const paced = heldClient(client, () => pacer.turn());
  return { resource: (kind) => (kind.resourceName === event.resourceName ? paced : client).resource(kind) };
}
