/** How plugins read other objects. */
import type { KubeObject } from '../../api/object.ts';

/** Reads stored objects by resource name (`pods`, `deployments.apps`); `namespace` is '' for cluster scope. */
export interface ObjectReader {
  get(resourceName: string, namespace: string, name: string): KubeObject | undefined;
  list(resourceName: string, namespace?: string): readonly KubeObject[];
  /** Resolves with the object once it exists, or with undefined after `timeoutMs` milliseconds. */
  awaitObject(
    ref: { readonly resourceName: string; readonly namespace: string; readonly name: string },
    timeoutMs: number,
  ): Promise<KubeObject | undefined>;
}
