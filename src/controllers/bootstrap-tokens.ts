/**
 * Bootstrap tokens: deletes those that have expired, and signs the description of the cluster by which new nodes that
 * hold one recognise it. Source: pkg/controller/bootstrap/{tokencleaner,bootstrapsigner}.go; cluster-bootstrap
 * token/jws/jws.go.
 */
import { createHmac } from 'node:crypto';
import { bootstrapExpiry, bootstrapNamespace, isBootstrapToken, usableToken } from '../api/bootstrap-token.ts';
import type { ConfigMap, Secret } from '../api/generated/core/v1.ts';
import { configMap } from '../api/kinds/core/config-map.ts';
import { secret } from '../api/kinds/core/secret.ts';
import { isConflict, isNotFound } from '../api/status-error.ts';
import { controllerAccount } from '../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from './controller.ts';

const isOurs = (object: Secret): boolean => object.metadata.namespace === bootstrapNamespace && isBootstrapToken(object);

function ignoreRace(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

/** Deletes tokens when they expire. */
export const bootstrapTokenCleaner: Controller<Secret> = defineController<Secret>({
  name: 'token-cleaner',
  identity: controllerAccount('token-cleaner'),
  reconciles: secret,
  concerns: isOurs,
  reconcile: async (ref, { cache, api, clock }) => {
    const found = cache(secret).get(ref);
    if (found === undefined || !isOurs(found)) return settled;
    const leftMs = bootstrapExpiry(found) - clock.now();
    if (leftMs > 0) return Number.isFinite(leftMs) ? { requeueAfterMs: leftMs } : settled;
    await api(secret)
      .delete(ref, { preconditions: { uid: found.metadata.uid } })
      .catch(ignoreRace);
    return settled;
  },
});

const described = { namespace: 'kube-public', name: 'cluster-info' };
const contentKey = 'kubeconfig';
const signaturePrefix = 'jws-kubeconfig-';

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

/** A signature of a text that does not contain it: RFC 7515, appendix F. */
function detachedSignature(content: string, id: string, key: string): string {
  const header = base64url(JSON.stringify({ alg: 'HS256', kid: id }));
  const signature = createHmac('sha256', key)
    .update(`${header}.${base64url(content)}`)
    .digest('base64url');
  return `${header}..${signature}`;
}

function signedData({ data = {} }: ConfigMap, content: string, { cache, clock }: ControllerContext): Readonly<Record<string, string>> {
  const kept = Object.entries(data).filter(([key]) => !key.startsWith(signaturePrefix));
  const signatures = cache(secret)
    .list({ namespace: bootstrapNamespace })
    .flatMap((object): (readonly [string, string])[] => {
      const token = usableToken(object, 'signing', clock.now());
      return token === undefined ? [] : [[signaturePrefix + token.id, detachedSignature(content, token.id, token.secret)]];
    });
  return Object.fromEntries([...kept, ...signatures]);
}

const isSame = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);

/** Keeps the signatures of kube-public/cluster-info, if there is one, in step with the tokens. */
export const bootstrapSigner: Controller<ConfigMap> = defineController<ConfigMap>({
  name: 'bootstrap-signer',
  identity: controllerAccount('bootstrap-signer'),
  reconciles: configMap,
  concerns: ({ metadata }) => metadata.namespace === described.namespace && metadata.name === described.name,
  watches: [watching(secret, (object) => (isOurs(object) ? [described] : []))],
  reconcile: async (ref, context) => {
    const found = context.cache(configMap).get(ref);
    const content = found?.data?.[contentKey];
    if (found === undefined || content === undefined) return settled;
    const data = signedData(found, content, context);
    if (!isSame(data, found.data ?? {})) {
      await context
        .api(configMap)
        .update({ ...found, data })
        .catch(ignoreRace);
    }
    return settled;
  },
});
