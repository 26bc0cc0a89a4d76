/**
 * Marks the tokens that old versions made for every ServiceAccount as invalid when they have not been used for a year,
 * and deletes them after another one. Source:
 * pkg/controller/serviceaccount/legacy_serviceaccount_token_cleaner.go. Differs: each Secret is looked at once a day
 * from when it was seen on, not all of them together.
 */
import type { Secret, ServiceAccount } from '../api/generated/core/v1.ts';
import { configMap } from '../api/kinds/core/config-map.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { secret } from '../api/kinds/core/secret.ts';
import { serviceAccount } from '../api/kinds/core/service-account.ts';
import { secretNames } from '../api/pod/secret-names.ts';
import { isConflict, isNotFound } from '../api/status-error.ts';
import { controllerAccount } from '../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled } from './controller.ts';

const tokenType = 'kubernetes.io/service-account-token';
const lastUsedLabel = 'kubernetes.io/legacy-token-last-used';
const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since';
/** Says since which day uses are tracked. */
const tracking = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };

const dayMs = 86_400_000;
/** Upstream's default of --legacy-service-account-token-clean-up-period. */
const unusedMs = 365 * dayMs;

/** The day of a time, as labels write it. */
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** The beginning of a day in milliseconds since the epoch; undefined when the text is none. */
function timeOfDay(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) || dayOf(ms) !== text ? undefined : ms;
}

/** The account that lists a Secret as its token; undefined when the token was made by hand, or it cannot be told. */
function accountOf({ metadata }: Secret, { cache }: ControllerContext): ServiceAccount | undefined {
  const { 'kubernetes.io/service-account.name': name = '', 'kubernetes.io/service-account.uid': uid = '' } = metadata.annotations ?? {};
  const account = name === '' ? undefined : cache(serviceAccount).get({ namespace: metadata.namespace ?? '', name });
  if (account === undefined || (uid !== '' && account.metadata.uid !== uid)) return undefined;
  return (account.secrets ?? []).some((listed) => listed.name === metadata.name) ? account : undefined;
}

/** Whether a token has been out of use for long enough, as far as its labels and its age say. */
function isUnused({ metadata }: Secret, nowMs: number): boolean {
  if (Date.parse(metadata.creationTimestamp) >= nowMs - unusedMs) return false;
  const lastUsed = metadata.labels?.[lastUsedLabel];
  return lastUsed === undefined || (timeOfDay(lastUsed) !== undefined && lastUsed < dayOf(nowMs - unusedMs));
}

async function isTracked({ api }: ControllerContext, nowMs: number): Promise<boolean> {
  try {
    const { data } = await api(configMap).get(tracking);
    const since = timeOfDay(data?.since);
    return since !== undefined && nowMs >= since + dayMs + unusedMs;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function clean(found: Secret, context: ControllerContext): Promise<void> {
  const { cache, api, clock } = context;
  const now = clock.now();
  const { namespace = '', name, uid, resourceVersion } = found.metadata;
  if (!isUnused(found, now) || accountOf(found, context) === undefined || !(await isTracked(context, now))) return;
  if (
    cache(pod)
      .list({ namespace })
      .some(({ spec }) => secretNames(spec).has(name))
  )
    return;
  const ref = { namespace, name };
  const invalidSince = found.metadata.labels?.[invalidSinceLabel];
  if (timeOfDay(invalidSince) === undefined) {
    const body = { metadata: { uid, labels: { [invalidSinceLabel]: dayOf(now) } } };
    await api(secret).patch(ref, { type: 'merge', body }).catch(ignoreRace);
  } else if (invalidSince !== undefined && invalidSince < dayOf(now - unusedMs)) {
    await api(secret).delete(ref, { preconditions: { resourceVersion } }).catch(ignoreRace);
  }
}

function ignoreRace(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

const isToken = ({ type, metadata }: Secret): boolean => type === tokenType && metadata.deletionTimestamp === undefined;

export const legacyTokenCleaner: Controller<Secret> = defineController<Secret>({
  name: 'legacy-service-account-token-cleaner',
  identity: controllerAccount('legacy-service-account-token-cleaner'),
  reconciles: secret,
  concerns: isToken,
  reads: [serviceAccount, pod],
  reconcile: async (ref, context) => {
    const found = context.cache(secret).get(ref);
    // One that no account lists was made by hand: it stays.
    if (found === undefined || !isToken(found) || accountOf(found, context) === undefined) return settled;
    await clean(found, context);
    return { requeueAfterMs: dayMs };
  },
});
