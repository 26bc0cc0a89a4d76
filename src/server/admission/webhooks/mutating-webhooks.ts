/**
 * MutatingAdmissionWebhook: asks webhooks one after the other, and applies their patches. Source: apiserver
 * pkg/admission/plugin/webhook/mutating.
 */
import { deepEqual } from '../../../api/deep-equal.ts';
import { errorText } from '../../../api/error-text.ts';
import type { JsonObject } from '../../../api/json.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { AdmissionAttributes, AdmissionObject, AdmissionPlugin, MutatingRound } from '../admission.ts';
import { ask, CallFailed, ignoreOrThrow, isExempt, observed, versionFor, type WebhookParts } from './ask.ts';
import type { ConditionCheck } from './conditions.ts';
import { type Hook, hooksReader } from './hooks.ts';
import type { Served } from './matching.ts';
import type { ReviewedObjects, Verdict } from './review.ts';
import { fromVersion, inVersion } from './versions.ts';

const name = 'MutatingAdmissionWebhook';

/** What is remembered from the first run to the second. Source: mutating/reinvocationcontext.go. */
interface Memory {
  lastOutput: AdmissionObject | undefined;
  /** Hooks that want to be asked again when something changes after them. */
  readonly asked: Set<string>;
  /** Hooks that are asked in the second run. */
  readonly askAgain: Set<string>;
}

const newMemory = (): Memory => ({ lastOutput: undefined, asked: new Set(), askAgain: new Set() });

/** Makes the plugin. */
export function mutatingWebhooks(parts: WebhookParts, conditionsMet: ConditionCheck): AdmissionPlugin {
  const hooksNow = hooksReader(parts.reader, 'mutatingwebhookconfigurations.admissionregistration.k8s.io');
  return {
    name,
    leavesDefaults: true,
    admit(attributes, round) {
      const hooks = hooksNow();
      return hooks.length === 0 || isExempt(attributes) ? undefined : askAll({ ...parts, conditionsMet }, hooks, attributes, round);
    },
  };
}

async function askAll(
  parts: WebhookParts & { readonly conditionsMet: ConditionCheck },
  hooks: readonly Hook[],
  attributes: AdmissionAttributes,
  round: MutatingRound,
): Promise<AdmissionObject | undefined> {
  const memory = round.memoryOf(name, newMemory);
  if (round.repeated && !deepEqual(memory.lastOutput, attributes.object)) askPreviousAgain(memory);
  let current = attributes;
  for (const [i, hook] of hooks.entries()) {
    const version = versionFor(hook, current, parts.reader);
    // In the second run no webhook is asked for the first time.
    if (version === undefined || (round.repeated && !memory.askAgain.has(hook.id))) continue;
    const seen = current;
    if (!(await parts.conditionsMet(hook, 'admit', seen, version, () => objectsIn(seen, version)))) continue;
    const place = `round_${round.repeated ? 1 : 0}_index_${i}`;
    const object = await askOne(parts, hook, current, { version, place });
    const mutated = object !== undefined && !deepEqual(object, current.object);
    const { configuration, webhook } = hook;
    const told = JSON.stringify({ configuration, webhook: webhook.name, mutated });
    current.context.annotate?.(`mutation.webhook.admission.k8s.io/${place}`, told);
    if (mutated) {
      askPreviousAgain(memory);
      round.mustRepeat = true;
      current = { ...current, object };
    }
    if (hook.webhook.reinvocationPolicy === 'IfNeeded') memory.asked.add(hook.id);
  }
  memory.lastOutput = current.object;
  return current.object;
}

function askPreviousAgain({ asked, askAgain }: Memory): void {
  for (const id of asked) askAgain.add(id);
  asked.clear();
}

const objectsIn = async (attributes: AdmissionAttributes, version: Served): Promise<ReviewedObjects> => ({
  object: await inVersion(attributes, attributes.object, version),
  oldObject: await inVersion(attributes, attributes.oldObject, version),
});

/** Asks one webhook; the object that it makes, or undefined when it changes nothing or its failure is ignored. */
async function askOne(
  parts: WebhookParts,
  hook: Hook,
  attributes: AdmissionAttributes,
  { version, place }: { readonly version: Served; readonly place: string },
): Promise<AdmissionObject | undefined> {
  const objects = await objectsIn(attributes, version);
  const call = async () => {
    const verdict = await ask(parts, hook, attributes, { version, objects, mutating: true });
    return { verdict, object: await patched(parts, hook, attributes, { version, object: objects.object }, verdict) };
  };
  try {
    const { verdict, object } = await observed(parts, hook, attributes, { type: 'admit', call });
    if (object !== undefined) {
      const told = { configuration: hook.configuration, webhook: hook.webhook.name, patch: verdict.patch, patchType: verdict.patchType };
      attributes.context.annotate?.(`patch.webhook.admission.k8s.io/${place}`, JSON.stringify(told));
    }
    return object;
  } catch (error) {
    ignoreOrThrow(parts, hook, attributes, error, `mutation.webhook.admission.k8s.io/${place}`);
    return undefined;
  }
}

async function patched(
  { formats }: WebhookParts,
  { webhook }: Hook,
  attributes: AdmissionAttributes,
  { version, object }: { readonly version: Served; readonly object: JsonObject | null },
  { patch, patchType }: Verdict,
): Promise<AdmissionObject | undefined> {
  if (patch === undefined || patch === null || (Array.isArray(patch) && patch.length === 0)) return undefined;
  if (object === null) {
    const text = `admission webhook ${JSON.stringify(webhook.name)} attempted to modify the object, which is not supported for this operation`;
    throw statusErrors.internal(new Error(text));
  }
  if (patchType !== 'JSONPatch') throw new CallFailed(webhook, `unsupported patch type ${JSON.stringify(patchType)}`);
  try {
    return await fromVersion(attributes, applyJsonPatch(object, patch), version, formats);
  } catch (error) {
    throw statusErrors.internal(new Error(errorText(error), { cause: error }));
  }
}
