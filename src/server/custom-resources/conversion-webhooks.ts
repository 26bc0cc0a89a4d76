/**
 * Converts custom resources by asking the webhook of their definition. Source: apiextensions-apiserver
 * pkg/apiserver/conversion/webhook_converter.go.
 */
import type { ConversionWebhooks } from '../../api/custom-resources/conversion.ts';
import { errorText } from '../../api/error-text.ts';
import type { WebhookConversion } from '../../api/generated/apiextensions/v1.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { StatusError } from '../../api/status-error.ts';
import type { WebhookCaller } from '../webhooks/webhook-caller.ts';

export interface ConversionWebhookOptions {
  readonly caller: WebhookCaller;
  readonly newUid: () => string;
  /** Ends calls when the server stops: they may serve many requests. */
  readonly signal: AbortSignal;
}

const group = 'apiextensions.k8s.io';
const timeoutMs = 30_000;
const known: readonly string[] = ['v1', 'v1beta1'];

/** Makes the converter. */
export const conversionWebhooks = (options: ConversionWebhookOptions): ConversionWebhooks => ({
  async convert({ spec }, objects, apiVersion) {
    const webhook = spec.conversion?.webhook;
    const [first] = objects;
    if (first === undefined) return [];
    const what = `conversion webhook for ${text(first.apiVersion)}, Kind=${text(first.kind)}`;
    if (webhook === undefined) throw failure('no supported conversion review versions');
    const converted = await ask(options, webhook, objects, apiVersion).catch((error: unknown) => {
      throw failure(error instanceof Unsupported ? error.message : `${what} failed: ${errorText(error)}`);
    });
    if (converted.length !== objects.length) {
      throw failure(`${what} returned ${converted.length} objects, expected ${objects.length}`);
    }
    return objects.map((original, i) => {
      const invalid = (why: string): StatusError => failure(`${what} returned invalid converted object at index ${i}: ${why}`);
      return checked(original, converted[i] ?? null, apiVersion, invalid);
    });
  },
});

/** Such errors have no reason, as upstream. */
const failure = (message: string): StatusError => new StatusError({ code: 500, message });

class Unsupported extends Error {}

async function ask(
  { caller, newUid, signal }: ConversionWebhookOptions,
  { clientConfig, conversionReviewVersions }: WebhookConversion,
  objects: readonly JsonObject[],
  desiredAPIVersion: string,
): Promise<readonly JsonValue[]> {
  const version = conversionReviewVersions.find((one) => known.includes(one));
  if (version === undefined) throw new Unsupported('no supported conversion review versions');
  const uid = newUid();
  const request = { uid, desiredAPIVersion, objects: [...objects] };
  const body = { kind: 'ConversionReview', apiVersion: `${group}/${version}`, request };
  const answer = await caller.call({ client: clientConfig ?? {}, body, timeoutMs, signal });
  const { apiVersion, kind, response } = answer;
  if (version === 'v1' && (apiVersion !== `${group}/v1` || kind !== 'ConversionReview')) {
    throw new Error(`expected webhook response of ${group}/v1, Kind=ConversionReview, got ${text(apiVersion)}, Kind=${text(kind)}`);
  }
  if (!isObject(response)) throw new Error('no response provided');
  if (version === 'v1' && response.uid !== uid) {
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(text(response.uid))}`);
  }
  const result = isObject(response.result) ? response.result : {};
  if (result.status !== 'Success') {
    throw new Error(text(result.message) || `response.result.status was '${text(result.status)}', not 'Success'`);
  }
  return Array.isArray(response.convertedObjects) ? response.convertedObjects : [];
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

/** Names that a conversion must not change. */
const kept = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const;

/** The converted object with the original's metadata, of which a webhook may change labels and annotations only. */
function checked(original: JsonObject, converted: JsonValue, apiVersion: string, invalid: (why: string) => StatusError): JsonObject {
  if (!isObject(converted)) throw invalid('not an object');
  if (converted.apiVersion !== apiVersion) {
    throw invalid(`invalid groupVersion (expected ${apiVersion}, received ${text(converted.apiVersion)})`);
  }
  if (converted.kind !== original.kind) throw invalid(`invalid kind (expected ${text(original.kind)}, received ${text(converted.kind)})`);
  const metadata = isObject(original.metadata) ? original.metadata : {};
  const sent = converted.metadata;
  if (!isObject(sent)) throw invalid('missing metadata in converted object');
  for (const [field, shown] of kept) {
    const [before, after] = [text(metadata[field]), text(sent[field])];
    if (before !== after) throw invalid(`must have the same ${shown}: ${before} != ${after}`);
  }
  const { labels: _labels, annotations: _annotations, ...rest } = metadata;
  const { labels, annotations } = sent;
  return {
    ...converted,
    metadata: {
      ...rest,
      ...(isObject(labels) && Object.keys(labels).length > 0 ? { labels } : {}),
      ...(isObject(annotations) && Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
  };
}
