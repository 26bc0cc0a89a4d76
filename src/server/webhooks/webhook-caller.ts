/**
 * Webhooks: programs outside of this process that the API server asks over HTTPS (admission, conversion of custom
 * resources). This file is the interface. Source: apiserver pkg/util/webhook/client.go.
 */
import type { JsonObject } from '../../api/json.ts';
import type { CalledService } from '../../api/validation/webhook-client.ts';

/** Where a webhook is: either a URL or a Service. */
export interface WebhookClient {
  readonly url?: string | undefined;
  readonly service?: CalledService | undefined;
  /** PEM, in base64. Absent: the system's roots. */
  readonly caBundle?: string | undefined;
}

export interface WebhookCall {
  readonly client: WebhookClient;
  readonly body: JsonObject;
  /** Milliseconds for the whole call. */
  readonly timeoutMs: number;
  /** Ends the call when the client's request ends. */
  readonly signal: AbortSignal;
}

export interface WebhookCaller {
  /**
   * Posts a body and resolves with the answer. Rejects with an Error whose message is upstream's text: connection,
   * certificates, time, status, or an answer that is no JSON object.
   */
  call(call: WebhookCall): Promise<JsonObject>;
}
