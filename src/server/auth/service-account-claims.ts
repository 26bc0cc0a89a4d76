/** The claims of service-account tokens, and the user that they stand for. Source: pkg/serviceaccount/claims.go. */
import type { UserInfo } from '../registry/registry.ts';

/** An object by name and uid. */
export interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

/** The account, and the objects that a token is bound to. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceAccount: BoundObject;
  readonly pod?: BoundObject;
  readonly secret?: BoundObject;
  readonly node?: BoundObject;
}

export interface TokenRequestDetails {
  readonly subject: TokenSubject;
  readonly audiences: readonly string[];
  /** Seconds from now. */
  readonly expirationSeconds: number;
  /** Seconds from now after which use of the token is reported with a warning; 0: never. */
  readonly warnAfterSeconds: number;
  /** The token's own id. Default: random. */
  readonly id?: string;
}

/** The `kubernetes.io` claim. */
export interface PrivateClaims {
  readonly namespace: string;
  readonly serviceaccount: BoundObject;
  readonly pod?: BoundObject;
  readonly secret?: BoundObject;
  readonly node?: BoundObject;
  readonly warnafter?: number;
}

export const serviceAccountUser = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;

const isBound = (value: unknown): value is BoundObject =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'uid' in value &&
  typeof value.uid === 'string';

/** Reads the claim of a verified token; undefined when this server did not issue the token. */
export function readPrivateClaims(value: unknown): PrivateClaims | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { namespace, serviceaccount, pod, secret, node, warnafter } = value as Record<string, unknown>;
  if (typeof namespace !== 'string' || !isBound(serviceaccount)) return undefined;
  return {
    namespace,
    serviceaccount,
    ...(isBound(pod) ? { pod } : {}),
    ...(isBound(secret) ? { secret } : {}),
    ...(isBound(node) ? { node } : {}),
    ...(typeof warnafter === 'number' ? { warnafter } : {}),
  };
}

/** The issuer of the tokens that Secrets hold. */
export const legacyIssuer = 'kubernetes/serviceaccount';

const legacyPrefix = 'kubernetes.io/serviceaccount';

/**
 * The claims of a token that a Secret holds. It has no audience and does not expire. Source:
 * pkg/serviceaccount/legacy.go.
 */
export interface LegacyClaims {
  readonly namespace: string;
  readonly secretName: string;
  readonly serviceAccount: BoundObject;
}

/** Writes the claims of a token for a Secret. */
export const writeLegacyClaims = ({ namespace, secretName, serviceAccount }: LegacyClaims): Readonly<Record<string, string>> => ({
  [`${legacyPrefix}/namespace`]: namespace,
  [`${legacyPrefix}/secret.name`]: secretName,
  [`${legacyPrefix}/service-account.name`]: serviceAccount.name,
  [`${legacyPrefix}/service-account.uid`]: serviceAccount.uid,
});

/** Reads the claims of a token of a Secret; undefined when one is missing. */
export function readLegacyClaims(payload: Readonly<Record<string, unknown>>): LegacyClaims | undefined {
  const text = (name: string): string => {
    const value = payload[`${legacyPrefix}/${name}`];
    return typeof value === 'string' ? value : '';
  };
  const serviceAccount = { name: text('service-account.name'), uid: text('service-account.uid') };
  const claims = { namespace: text('namespace'), secretName: text('secret.name'), serviceAccount };
  const all = [claims.namespace, claims.secretName, serviceAccount.name, serviceAccount.uid];
  return all.includes('') ? undefined : claims;
}

/** The user of a token that a Secret holds. */
export const legacyUserOf = ({ namespace, serviceAccount: { name, uid } }: LegacyClaims): UserInfo => ({
  name: serviceAccountUser(namespace, name),
  uid,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
  extra: {},
});

/** The user that a token stands for. */
export function userOf({ namespace, serviceaccount, pod, node }: PrivateClaims, tokenId: string): UserInfo {
  const credential = 'authentication.kubernetes.io';
  return {
    name: serviceAccountUser(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
    extra: {
      [`${credential}/credential-id`]: [`JTI=${tokenId}`],
      ...(pod === undefined ? {} : { [`${credential}/pod-name`]: [pod.name], [`${credential}/pod-uid`]: [pod.uid] }),
      ...(node === undefined ? {} : { [`${credential}/node-name`]: [node.name], [`${credential}/node-uid`]: [node.uid] }),
    },
  };
}
