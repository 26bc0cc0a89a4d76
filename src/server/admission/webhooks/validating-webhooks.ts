/**
 * ValidatingAdmissionWebhook: asks all webhooks at the same time; one that refuses is enough. Source: apiserver
 * pkg/admission/plugin/webhook/validating/dispatcher.go.
 */
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { ask, ignoreOrThrow, isExempt, observed, versionFor, type WebhookParts } from './ask.ts';
import type { ConditionCheck } from './conditions.ts';
import { type Hook, hooksReader } from './hooks.ts';
import type { Served } from './matching.ts';
import type { ReviewedObjects } from './review.ts';
import { inVersion } from './versions.ts';

/** Makes the plugin. */
export function validatingWebhooks(parts: WebhookParts, conditionsMet: ConditionCheck): AdmissionPlugin {
  const hooksNow = hooksReader(parts.reader, 'validatingwebhookconfigurations.admissionregistration.k8s.io');
  return {
    name: 'ValidatingAdmissionWebhook',
    validate(attributes) {
      const hooks = hooksNow();
      return hooks.length === 0 || isExempt(attributes) ? undefined : askAll(parts, hooks, attributes, conditionsMet);
    },
  };
}

async function askAll(
  parts: WebhookParts,
  hooks: readonly Hook[],
  attributes: AdmissionAttributes,
  conditionsMet: ConditionCheck,
): Promise<void> {
  const objectsIn = versionedOnce(attributes);
  const questions: { readonly hook: Hook; readonly version: Served }[] = [];
  for (const hook of hooks) {
    const version = versionFor(hook, attributes, parts.reader);
    if (version === undefined || !(await conditionsMet(hook, 'validate', attributes, version, () => objectsIn(version)))) continue;
    questions.push({ hook, version });
  }
  const outcomes = await Promise.allSettled(
    questions.map(async ({ hook, version }, i) => {
      const objects = await objectsIn(version);
      const call = () => ask(parts, hook, attributes, { version, objects, mutating: false });
      try {
        await observed(parts, hook, attributes, { type: 'validating', call });
      } catch (error) {
        ignoreOrThrow(parts, hook, attributes, error, `validating.webhook.admission.k8s.io/round_0_index_${i}`);
      }
    }),
  );
  // All are waited for, so that none is still under way when the request is answered.
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** The objects of the request, converted once for each version that is asked for. */
function versionedOnce(attributes: AdmissionAttributes): (version: Served) => Promise<ReviewedObjects> {
  const made = new Map<string, Promise<ReviewedObjects>>();
  return ({ group, version }) => {
    const key = `${group}/${version}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const both = Promise.all([
      inVersion(attributes, attributes.object, { group, version }),
      inVersion(attributes, attributes.oldObject, { group, version }),
    ]).then(([object, oldObject]) => ({ object, oldObject }));
    made.set(key, both);
    return both;
  };
}
