/** How this cluster's API server reaches webhooks. */
import { hostPort } from '../api/go-dial-error.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { systemClock } from '../client/clock.ts';
import type { ObjectReader } from '../server/admission/object-reader.ts';
import { createWebhookCaller } from '../server/webhooks/https-webhook-caller.ts';
import { serviceAddress } from '../server/webhooks/service-address.ts';
import type { WebhookCaller } from '../server/webhooks/webhook-caller.ts';

/** Makes the caller. Services of a simulated cluster have no traffic, and their addresses may be somebody else's. */
export const webhookCaller = ({ runtime }: ClusterSettings, reader: ObjectReader): WebhookCaller =>
  createWebhookCaller({
    addressOf: (namespace, name, port) => {
      const address = serviceAddress(reader, namespace, name, port);
      if (runtime !== 'simulated') return address;
      throw new Error(`dial tcp ${hostPort(address.host, address.port)}: connect: network is unreachable`);
    },
    setTimer: systemClock.setTimer,
  });
