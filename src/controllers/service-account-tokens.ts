/**
 * Fills Secrets of type service-account-token with a token that never expires, and deletes them with their account.
 * Source: pkg/controller/serviceaccount/tokens_controller.go.
 */

import { fromBase64, toBase64 } from '../api/base64.ts';
import type { Secret, ServiceAccount } from '../api/generated/core/v1.ts';
import { secret } from '../api/kinds/core/secret.ts';
import { serviceAccount } from '../api/kinds/core/service-account.ts';
import { type ObjectRef, refOf } from '../api/object.ts';
import { isConflict, isNotFound } from '../api/status-error.ts';
import { controllerManager } from '../client/identity.ts';
import { type Controller, type ControllerContext, defineController, indexing, settled, watching } from './controller.ts';

/** Signs the token for a Secret. */
export type SecretTokenIssuer = (subject: {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly secretName: string;
}) => Promise<string>;

export interface ServiceAccountTokensOptions {
  readonly issue: SecretTokenIssuer;
  /** The cluster's root certificate, PEM. */
  readonly certificateAuthority: string;
}

const tokenType = 'kubernetes.io/service-account-token';
const nameAnnotation = 'kubernetes.io/service-account.name';
const uidAnnotation = 'kubernetes.io/service-account.uid';
const accountIndex = 'token-secrets-by-service-account';

const accountName = ({ metadata }: Secret): string => metadata.annotations?.[nameAnnotation] ?? '';
const accountUid = ({ metadata }: Secret): string => metadata.annotations?.[uidAnnotation] ?? '';
const isToken = (object: Secret): boolean => object.type === tokenType && accountName(object) !== '';

/** Ignores the error when another client has changed or deleted the object: its event triggers the next reconcile. */
function ignoreRace(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

/** Makes the controller. */
export const serviceAccountTokensController = (options: ServiceAccountTokensOptions): Controller<Secret> =>
  defineController<Secret>({
    name: 'serviceaccount-token',
    // Upstream's token controller has no account of its own either, because it makes the tokens with which the other
    // controllers authenticate.
    identity: controllerManager,
    eventSource: 'tokens-controller',
    reconciles: secret,
    concerns: isToken,
    reads: [serviceAccount],
    indexes: [indexing(secret, accountIndex, (object) => (isToken(object) ? [`${object.metadata.namespace}/${accountName(object)}`] : []))],
    watches: [
      watching(serviceAccount, ({ metadata }, { cache }) =>
        cache(secret).byIndex(accountIndex, `${metadata.namespace}/${metadata.name}`).map(refOf),
      ),
    ],
    reconcile: async (ref, context) => {
      const found = context.cache(secret).get(ref);
      if (found === undefined) await forget(ref, context);
      else if (isToken(found) && found.metadata.deletionTimestamp === undefined) await fill(found, context, options);
      return settled;
    },
  });

/** Removes the name of a deleted Secret from the accounts that list it. */
async function forget({ namespace, name }: ObjectRef, { cache, api }: ControllerContext): Promise<void> {
  for (const account of cache(serviceAccount).list({ namespace })) {
    const { secrets = [] } = account;
    if (!secrets.some((listed) => listed.name === name)) continue;
    const update = { ...account, secrets: secrets.filter((listed) => listed.name !== name) };
    await api(serviceAccount).update(update).catch(ignoreNotFound);
  }
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}

/** The account that a Secret names; undefined when the account has another uid than the Secret says. */
async function accountOf(object: Secret, { cache, api }: ControllerContext): Promise<ServiceAccount | undefined> {
  const ref = { namespace: object.metadata.namespace ?? '', name: accountName(object) };
  const uid = accountUid(object);
  const isMeant = (account: ServiceAccount | undefined): account is ServiceAccount =>
    account !== undefined && (uid === '' || account.metadata.uid === uid);
  const cached = cache(serviceAccount).get(ref);
  if (isMeant(cached)) return cached;
  try {
    const live = await api(serviceAccount).get(ref);
    return isMeant(live) ? live : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function fill(object: Secret, context: ControllerContext, { issue, certificateAuthority }: ServiceAccountTokensOptions) {
  const account = await accountOf(object, context);
  const { namespace = '', name, uid } = object.metadata;
  if (account === undefined) {
    await context.api(secret).delete({ namespace, name }, { preconditions: { uid } }).catch(ignoreRace);
    return;
  }
  const { data = {} } = object;
  const isWrong = fromBase64(data['ca.crt'] ?? '') !== certificateAuthority;
  const isMissing = (key: string): boolean => (data[key] ?? '') === '';
  if (!isWrong && !isMissing('namespace') && !isMissing('token')) return;
  const { name: accountName, uid: accountUid } = account.metadata;
  const token = isMissing('token')
    ? toBase64(await issue({ namespace, serviceAccount: { name: accountName, uid: accountUid }, secretName: name }))
    : data.token;
  const annotations = { ...object.metadata.annotations, [nameAnnotation]: accountName, [uidAnnotation]: accountUid };
  const filled = {
    ...data,
    'ca.crt': isWrong ? toBase64(certificateAuthority) : (data['ca.crt'] ?? ''),
    namespace: isMissing('namespace') ? toBase64(namespace) : (data.namespace ?? ''),
    token: token ?? '',
  };
  await context
    .api(secret)
    .update({ ...object, metadata: { ...object.metadata, annotations }, data: filled })
    .catch(ignoreRace);
}
