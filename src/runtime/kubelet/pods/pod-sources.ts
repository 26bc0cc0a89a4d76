/** What the kubelet reads besides Pods: the config maps, secrets and services that pods refer to, and tokens it asks for. */
import type { ConfigMap, Secret, Service } from '../../../api/generated/core/v1.ts';

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** '' for the API server's own audience. */
  readonly audience: string;
  readonly expirationSeconds: number;
  readonly pod: { readonly name: string; readonly uid: string };
}

export interface Token {
  readonly token: string;
  readonly expiresAtMs: number;
}

/** Kinds that pods are made from: a change of an object may change a pod that refers to it. */
export type SourceKind = 'configMap' | 'secret';

/** Reads that pods need; misses are `undefined`, failures reject with `StatusError`. */
export interface PodSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  services(): readonly Service[];
  token(request: TokenRequest): Promise<Token>;
}

/** A pod cannot be started as it is described; `message` is upstream's text for the waiting state. */
export class PodConfigError extends Error {
  /** The waiting reason, e.g. `CreateContainerConfigError`. */
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.name = 'PodConfigError';
    this.reason = reason;
  }
}
