/** Asks one webhook about one request. Source: apiserver pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go. */
import { errorText } from '../../../api/error-text.ts';
import type { ObjectFormats } from '../../../api/object-format.ts';
import { StatusError, statusErrors } from '../../../api/status-error.ts';
import type { Logger } from '../../../client/logger.ts';
import type { WebhookCaller } from '../../webhooks/webhook-caller.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { AdmissionObservations, WebhookCallOutcome } from '../admission-observations.ts';
import type { ObjectReader } from '../object-reader.ts';
import type { Hook, Webhook } from './hooks.ts';
import { matchingVersion, type Served } from './matching.ts';
import { admissionReview, type ReviewedObjects, reviewVersion, UndecodablePatch, type Verdict, verdictOf } from './review.ts';

/** What both plugins need. */
export interface WebhookParts {
  readonly reader: ObjectReader;
  readonly formats: ObjectFormats;
  readonly caller: WebhookCaller;
  readonly log: Logger;
  readonly newUid: () => string;
  /** Told of each call. Default: nobody is. */
  readonly observations?: AdmissionObservations;
}

/** A webhook did not answer, or not in an acceptable way: its failure policy decides. */
export class CallFailed extends Error {
  /** As which the failure is counted. */
  readonly code: number;

  constructor({ name }: Webhook, reason: string, code = 503) {
    super(`failed calling webhook ${JSON.stringify(name)}: ${reason}`);
    this.code = code;
  }
}

/** A webhook refuses the request. */
class Refusal extends StatusError {}

const defaultTimeoutSeconds = 10;

/** Configurations of admission are not subject to it, so that a broken one can be mended. */
const exempt: ReadonlySet<string> = new Set([
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
]);

/** Whether a request is about how admission is done. Source: predicates/rules/rules.go. */
export const isExempt = ({ type }: AdmissionAttributes): boolean => type.group === 'admissionregistration.k8s.io' && exempt.has(type.kind);

/** The version in which a hook wants to see the request; undefined when it is not for this hook. Throws StatusError. */
export const versionFor = ({ webhook, namespaceSelector, objectSelector }: Hook, attributes: AdmissionAttributes, reader: ObjectReader) =>
  matchingVersion(
    { rules: webhook.rules ?? [], matchPolicy: webhook.matchPolicy ?? 'Equivalent', namespaceSelector, objectSelector },
    attributes,
    reader,
  );

/**
 * Asks. Passes warnings on. Rejects with StatusError when the webhook refuses or cannot be asked in a dry run, and with
 * CallFailed when it cannot be reached or understood.
 */
export async function ask(
  parts: WebhookParts,
  { webhook }: Hook,
  attributes: AdmissionAttributes,
  question: { readonly version: Served; readonly objects: ReviewedObjects; readonly mutating: boolean },
): Promise<Verdict> {
  const { name, sideEffects, clientConfig, timeoutSeconds = defaultTimeoutSeconds } = webhook;
  if (attributes.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
    throw statusErrors.badRequest(`admission webhook ${JSON.stringify(name)} does not support dry run`);
  }
  const reviewed = reviewVersion(webhook.admissionReviewVersions);
  if (reviewed === undefined) {
    throw new CallFailed(
      webhook,
      'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
      400,
    );
  }
  const uid = parts.newUid();
  const body = admissionReview(attributes, question.version, question.objects, { uid, reviewed });
  const { signal } = attributes.context;
  const answer = await parts.caller
    .call({ client: clientConfig, body, timeoutMs: timeoutSeconds * 1000, signal })
    .catch((error: unknown) => {
      throw new CallFailed(webhook, `failed to call webhook: ${errorText(error)}`);
    });
  const verdict = verdictIn(webhook, () => verdictOf(answer, { uid, reviewed, mutating: question.mutating }));
  for (const warning of verdict.warnings) attributes.context.warn(warning);
  for (const [key, value] of Object.entries(verdict.auditAnnotations)) attributes.context.annotate?.(`${name}/${key}`, value);
  if (!verdict.allowed) throw refusal(name, verdict);
  return verdict;
}

function verdictIn(webhook: Webhook, read: () => Verdict): Verdict {
  try {
    return read();
  } catch (error) {
    const text = errorText(error);
    throw new CallFailed(webhook, error instanceof UndecodablePatch ? text : `received invalid webhook response: ${text}`);
  }
}

/** The Status of a refusal: the webhook's own, completed. Source: errors/statuserror.go. */
function refusal(name: string, { result = {} }: Verdict): StatusError {
  const { code, message, reason, details, metadata } = result;
  const said = typeof message === 'string' && message !== '' ? message : typeof reason === 'string' ? reason : '';
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  return new Refusal({
    // The webhook's answer takes the place of our own, whatever its details are.
    ...(metadata === undefined ? {} : { metadata: metadata as Readonly<Record<string, unknown>> }),
    message: said === '' ? `${denied} without explanation` : `${denied}: ${said}`,
    ...(typeof reason === 'string' && reason !== '' ? { reason } : {}),
    ...(details === undefined || details === null ? {} : { details: details as NonNullable<StatusError['status']['details']> }),
    code: typeof code === 'number' && code >= 400 ? code : 400,
  });
}

/**
 * Counts a call with what it leads to, and how long it takes. Source: the dispatchers of upstream's two plugins
 * (ObserveWebhook, ObserveWebhookRejection).
 */
export async function observed<T>(
  { observations }: WebhookParts,
  { webhook }: Hook,
  { operation, context }: AdmissionAttributes,
  { type, call }: { readonly type: 'admit' | 'validating'; readonly call: () => Promise<T> },
): Promise<T> {
  if (observations === undefined) return call();
  const { name, failurePolicy } = webhook;
  const beganMs = observations.nowMs();
  const note = (code: number, refused: WebhookCallOutcome['refused'], failedOpen = false): void => {
    const ms = observations.nowMs() - beganMs;
    context.waited?.(type, ms);
    observations.webhook({ name, type, operation, ms, code, refused, failedOpen });
  };
  try {
    const answer = await call();
    note(200, undefined);
    return answer;
  } catch (error) {
    if (error instanceof CallFailed) {
      const ignored = failurePolicy === 'Ignore';
      note(error.code, ignored ? undefined : 'calling_webhook_error', ignored);
    } else if (error instanceof Refusal) note(error.code, 'no_error');
    else note(0, 'apiserver_internal_error');
    throw error;
  }
}

/**
 * What becomes of a failed call: nothing when failures are ignored. Throws StatusError (500) otherwise. `place` names
 * the call in audit annotations.
 */
export function ignoreOrThrow(
  { log }: WebhookParts,
  { webhook }: Hook,
  { context }: AdmissionAttributes,
  error: unknown,
  place: string,
): void {
  if (!(error instanceof CallFailed)) throw error;
  if (webhook.failurePolicy !== 'Ignore') throw statusErrors.internal(error);
  if (context.signal.aborted) throw statusErrors.timeout('request did not complete within requested timeout', 0);
  context.annotate?.(`failed-open.${place}`, webhook.name);
  log.warn('a webhook failed and is ignored, as its failure policy says', { webhook: webhook.name, error: error.message });
}
