/**
 * What the kubelet reads from the API besides Pods: config maps, secrets, services, claims and volumes that pods use,
 * and service account tokens.
 */
import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Secret, Service } from '../../../api/generated/core/v1.ts';
import type { RuntimeClass } from '../../../api/generated/node/v1.ts';

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

/** Kinds of objects that pods' volumes come from. A change of such an object may change the pods that refer to it. */
export type SourceKind = 'configMap' | 'secret' | 'claim';

/** Reads the objects that pods need. A missing object is `undefined`; failures reject with `StatusError`. */
export interface PodSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined>;
  volume(name: string): Promise<PersistentVolume | undefined>;
  runtimeClass(name: string): Promise<RuntimeClass | undefined>;
  services(): readonly Service[];
  token(request: TokenRequest): Promise<Token>;
}

/**
 * A container of the pod cannot be started as its spec describes it. `message` is upstream's text for the waiting
 * state.
 */
export class PodConfigError extends Error {
  /** The waiting reason, e.g. `CreateContainerConfigError`. */
  readonly reason: string;
  constructor(reason: string, message: string) {
    super(message);
    this.name = 'PodConfigError';
    this.reason = reason;
  }
}
