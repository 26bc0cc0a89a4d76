/** What is written into service-account tokens, and who they say their bearer is. Source: pkg/serviceaccount/claims.go. */
import type { UserInfo } from '../registry/registry.ts';

/** An object by name and uid. */
export interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

/** What a token is for. */
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
  /** Seconds from now after which use is worth a warning; 0: never. */
  readonly warnAfterSeconds: number;
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

/** Reads the claim of a verified token; undefined when it is not one of ours. */
export function readPrivateClaims(value: unknown): PrivateClaims | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { namespace, serviceaccount, pod, secret, node } = value as Record<string, unknown>;
  if (typeof namespace !== 'string' || !isBound(serviceaccount)) return undefined;
  return {
    namespace,
    serviceaccount,
    ...(isBound(pod) ? { pod } : {}),
    ...(isBound(secret) ? { secret } : {}),
    ...(isBound(node) ? { node } : {}),
  };
}

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
