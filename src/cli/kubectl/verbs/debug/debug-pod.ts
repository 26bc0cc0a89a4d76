/** A Pod as `kubectl debug` reads and changes it. */
import type { JsonObject } from '../../../../api/json.ts';
import type { ApiObject } from '../../command/session.ts';

export interface DebugContainer extends JsonObject {
  readonly name: string;
  readonly securityContext?: SecurityContext;
  readonly volumeMounts?: readonly JsonObject[];
}

export interface SecurityContext extends JsonObject {
  readonly capabilities?: JsonObject & { readonly add?: readonly string[] };
  readonly privileged?: boolean;
  readonly runAsUser?: number;
}

export interface DebugSpec extends JsonObject {
  readonly containers: readonly DebugContainer[];
  readonly initContainers?: readonly DebugContainer[];
  readonly ephemeralContainers?: readonly DebugContainer[];
  readonly volumes?: readonly JsonObject[];
  readonly shareProcessNamespace?: boolean;
  readonly securityContext?: SecurityContext;
}

export interface DebugPod extends ApiObject {
  readonly spec: DebugSpec;
}

/** What is debugged, and by which means. */
export type DebugStyle = 'ephemeral' | 'copy' | 'node';

export const containersOf = ({ spec }: DebugPod): readonly DebugContainer[] => [
  ...spec.containers,
  ...(spec.initContainers ?? []),
  ...(spec.ephemeralContainers ?? []),
];

/** The Pod with other values in its spec; undefined ones are taken away. */
export const withSpec = (pod: DebugPod, changes: Partial<DebugSpec>): DebugPod => ({ ...pod, spec: { ...pod.spec, ...changes } });

/** The Pod with its container of this name, of whatever kind, changed. */
export function withContainer(pod: DebugPod, name: string, change: (container: DebugContainer) => DebugContainer): DebugPod {
  const changed = (list: readonly DebugContainer[]): readonly DebugContainer[] =>
    list.map((each) => (each.name === name ? change(each) : each));
  const { containers, initContainers, ephemeralContainers } = pod.spec;
  return withSpec(pod, {
    containers: changed(containers),
    ...(initContainers === undefined ? {} : { initContainers: changed(initContainers) }),
    ...(ephemeralContainers === undefined ? {} : { ephemeralContainers: changed(ephemeralContainers) }),
  });
}
