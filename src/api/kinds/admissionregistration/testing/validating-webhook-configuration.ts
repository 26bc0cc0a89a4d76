import { webhookSamples } from '../../testing/webhook-samples.ts';
import { validatingWebhookConfiguration } from '../validating-webhook-configuration.ts';

export const samples = webhookSamples(validatingWebhookConfiguration);
