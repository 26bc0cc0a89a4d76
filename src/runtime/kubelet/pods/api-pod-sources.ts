/**
 * Pod sources from the API: informers' caches first, the API itself on a miss, since a cache may lag behind a pod that
 * was just bound.
 */
import type { JsonObject } from '../../../api/json.ts';
import type { Kind } from '../../../api/kind.ts';
import { configMap as configMapKind } from '../../../api/kinds/core/config-map.ts';
import { persistentVolume as volumeKind } from '../../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim as claimKind } from '../../../api/kinds/core/persistent-volume-claim.ts';
import { secret as secretKind } from '../../../api/kinds/core/secret.ts';
import { service as serviceKind } from '../../../api/kinds/core/service.ts';
import { serviceAccount as serviceAccountKind } from '../../../api/kinds/core/service-account.ts';
import { runtimeClass as runtimeClassKind } from '../../../api/kinds/node/runtime-class.ts';
import type { KubeObject, ObjectRef } from '../../../api/object.ts';
import { isNotFound } from '../../../api/status-error.ts';
import type { Client } from '../../../client/client.ts';
import type { InformerFactory } from '../../../client/informer.ts';
import type { PodSources, Token, TokenRequest } from './pod-sources.ts';

export interface ApiPodSourcesOptions {
  readonly client: Client;
  readonly informers: InformerFactory;
}

async function read<T extends KubeObject>(
  options: ApiPodSourcesOptions,
  kind: Kind<T>,
  namespace: string,
  name: string,
): Promise<T | undefined> {
  const ref = { namespace, name };
  const cached = options.informers.informer(kind).cache.get(ref);
  return cached ?? current(options, kind, ref);
}

/** What the API says now. */
async function current<T extends KubeObject>({ client }: ApiPodSourcesOptions, kind: Kind<T>, ref: ObjectRef): Promise<T | undefined> {
  try {
    return await client.resource(kind).get(ref);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const field = (object: JsonObject, name: string): unknown => object[name];

async function requestToken(client: Client, request: TokenRequest): Promise<Token> {
  const { namespace, serviceAccount, audience, expirationSeconds, pod } = request;
  const answer = await client.resource(serviceAccountKind).subresource('create', { namespace, name: serviceAccount }, 'token', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      audiences: audience === '' ? [] : [audience],
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid },
    },
  });
  const status = field(answer, 'status');
  const token = typeof status === 'object' && status !== null && 'token' in status ? status.token : undefined;
  const expires = typeof status === 'object' && status !== null && 'expirationTimestamp' in status ? status.expirationTimestamp : undefined;
  if (typeof token !== 'string' || typeof expires !== 'string')
    throw new Error(`the API returned no token for service account ${namespace}/${serviceAccount}`);
  return { token, expiresAtMs: Date.parse(expires) };
}

/**
 * Tokens are cached until 80 % of their lifetime has passed, so that setting up a volume again does not change its
 * content.
 */
export function createApiPodSources(options: ApiPodSourcesOptions & { now(): number }): PodSources {
  const tokens = new Map<string, { readonly token: Token; readonly renewAtMs: number }>();
  return {
    configMap: (namespace, name) => read(options, configMapKind, namespace, name),
    secret: (namespace, name) => read(options, secretKind, namespace, name),
    // Whether a claim is bound decides whether its pod starts, so that a cache which lags behind will not do.
    claim: (namespace, name) => current(options, claimKind, { namespace, name }),
    volume: (name) => current(options, volumeKind, { namespace: '', name }),
    runtimeClass: (name) => current(options, runtimeClassKind, { namespace: '', name }),
    services: () => options.informers.informer(serviceKind).cache.list(),
    token: async (request) => {
      const key = `${request.pod.uid}/${request.serviceAccount}/${request.audience}/${request.expirationSeconds}`;
      const known = tokens.get(key);
      if (known !== undefined && known.renewAtMs > options.now()) return known.token;
      const token = await requestToken(options.client, request);
      for (const [old, entry] of tokens) if (entry.token.expiresAtMs < options.now()) tokens.delete(old);
      tokens.set(key, { token, renewAtMs: token.expiresAtMs - request.expirationSeconds * 200 });
      return token;
    },
  };
}
