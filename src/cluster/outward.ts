/** How this cluster's API server reaches what others serve: webhooks and APIs. */

import type { APIService } from '../api/generated/apiregistration/v1.ts';
import { hostPort } from '../api/go-dial-error.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { systemClock } from '../client/clock.ts';
import type { ObjectReader } from '../server/admission/object-reader.ts';
import { RemoteApis } from '../server/aggregation/remote-apis.ts';
import { RemoteConnections } from '../server/aggregation/remote-connections.ts';
import type { AggregatedApis } from '../server/http/server-context.ts';
import type { Pki } from '../server/pki/pki.ts';
import type { Store } from '../server/store/store.ts';
import { createWebhookCaller } from '../server/webhooks/https-webhook-caller.ts';
import { type Address, serviceAddress } from '../server/webhooks/service-address.ts';
import type { WebhookCaller } from '../server/webhooks/webhook-caller.ts';

/**
 * Finds Services. The cluster addresses of a simulated cluster have no traffic, and may be somebody else's; external
 * names are reached from any cluster.
 */
export const serviceAddresses =
  ({ runtime }: Pick<ClusterSettings, 'runtime'>, reader: ObjectReader) =>
  (namespace: string, name: string, port: number): Address => {
    const address = serviceAddress(reader, namespace, name, port);
    if (runtime !== 'simulated' || address.outside) return address;
    throw new Error(`dial tcp ${hostPort(address.host, address.port)}: connect: network is unreachable`);
  };

/** Makes the caller of webhooks. */
export const webhookCaller = (settings: ClusterSettings, reader: ObjectReader): WebhookCaller =>
  createWebhookCaller({ addressOf: serviceAddresses(settings, reader), setTimer: systemClock.setTimer });

/** Makes what knows and reaches the APIs that Services serve. */
export const aggregatedApis = (settings: ClusterSettings, store: Store, reader: ObjectReader, pki: Pki): AggregatedApis => ({
  known: new RemoteApis(store),
  connections: new RemoteConnections({ addressOf: serviceAddresses(settings, reader), client: pki.frontProxy.client }),
});

/** Asks an API what it serves, and remembers it for discovery. Rejects with an Error that says what is wrong. */
export async function learnApi({ known, connections }: AggregatedApis, api: APIService): Promise<void> {
  const { service } = api.spec;
  if (service !== undefined) known.learn(api, await connections.resources({ ...api, spec: { ...api.spec, service } }));
}
