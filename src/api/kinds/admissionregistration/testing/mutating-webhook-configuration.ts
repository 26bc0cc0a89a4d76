import { webhookSamples } from '../../testing/webhook-samples.ts';
import { mutatingWebhookConfiguration } from '../mutating-webhook-configuration.ts';

export const samples = webhookSamples(mutatingWebhookConfiguration);
