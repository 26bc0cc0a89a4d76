/** Decides which of a node's pods a drain removes. Source: kubectl pkg/drain/filters.go. */
import { isNotFound, StatusError } from '../../../../api/status-error.ts';
import type { Session } from '../../command/session.ts';
import { resourcePath } from '../../resources/discovery.ts';
import { findResource } from '../../resources/resource-args.ts';

export interface DrainPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly {
      readonly apiVersion: string;
      readonly kind: string;
      readonly name: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec: { readonly volumes?: readonly { readonly emptyDir?: object }[] };
  readonly status?: { readonly phase?: string };
}

/** Whether a pod is removed, with its warning or error. */
export interface Verdict {
  readonly delete: boolean;
  readonly warning?: string;
  readonly error?: string;
}

type Filter = (pod: DrainPod) => Verdict | Promise<Verdict>;

const okay: Verdict = { delete: true };
const skip: Verdict = { delete: false };

const isFinished = ({ status }: DrainPod): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';
const controllerOf = ({ metadata }: DrainPod) => metadata.ownerReferences?.find((owner) => owner.controller === true);

/**
 * Whether a pod that is deleted at a time should be gone for more than some seconds, in whole ones; never when these
 * are 0.
 */
export const isLeavingFor = (deletionTimestamp: string | undefined, seconds: number): boolean =>
  seconds > 0 && deletionTimestamp !== undefined && Math.trunc((Date.now() - Date.parse(deletionTimestamp)) / 1000) > seconds;

/** The filters that the flags of `drain` make, in upstream's order. */
export function deletableBy(session: Session): readonly Filter[] {
  const { flags } = session;
  const waitSeconds = flags.int('skip-wait-for-delete-timeout');
  const leavingLong: Filter = ({ metadata }) => (isLeavingFor(metadata.deletionTimestamp, waitSeconds) ? skip : okay);
  const ofDaemonSet: Filter = async (pod) => {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'DaemonSet' || owner.apiVersion !== 'apps/v1' || isFinished(pod)) return okay;
    try {
      await session.object({
        method: 'GET',
        path: resourcePath(await findResource(session, 'daemonsets.apps'), pod.metadata.namespace, owner.name),
      });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (isNotFound(error) && flags.bool('force')) return { delete: true, warning: error.message };
      return { delete: false, error: error.message };
    }
    if (flags.bool('ignore-daemonsets')) return { delete: false, warning: 'ignoring DaemonSet-managed Pods' };
    return { delete: false, error: 'DaemonSet-managed Pods (use --ignore-daemonsets to ignore)' };
  };
  const mirror: Filter = ({ metadata }) => (metadata.annotations?.['kubernetes.io/config.mirror'] === undefined ? okay : skip);
  const localStorage: Filter = (pod) => {
    if (isFinished(pod) || pod.spec.volumes?.some((volume) => volume.emptyDir !== undefined) !== true) return okay;
    if (flags.bool('delete-emptydir-data')) return { delete: true, warning: 'deleting Pods with local storage' };
    return { delete: false, error: 'Pods with local storage (use --delete-emptydir-data to override)' };
  };
  const unmanaged: Filter = (pod) => {
    if (isFinished(pod) || controllerOf(pod) !== undefined) return okay;
    if (flags.bool('force')) return { delete: true, warning: 'deleting Pods that declare no controller' };
    return { delete: false, error: 'Pods that declare no controller (use --force to override)' };
  };
  return [leavingLong, ofDaemonSet, mirror, localStorage, unmanaged];
}

export interface PodsToDelete {
  readonly pods: readonly DrainPod[];
  readonly errors: readonly string[];
  /** The warnings as one text; '' when there are none. */
  readonly warnings: string;
}

const listed = (texts: ReadonlyMap<string, readonly string[]>): string[] => [...texts].map(([text, pods]) => `${text}: ${pods.join(', ')}`);

/** Applies the filters to pods. As upstream, the verdict of the last filter decides. */
export async function podsToDelete(pods: readonly DrainPod[], filters: readonly Filter[]): Promise<PodsToDelete> {
  const chosen: DrainPod[] = [];
  const errors = new Map<string, readonly string[]>();
  const warnings = new Map<string, readonly string[]>();
  const note = (texts: Map<string, readonly string[]>, text: string | undefined, { metadata }: DrainPod): void => {
    if (text !== undefined) texts.set(text, [...(texts.get(text) ?? []), `${metadata.namespace}/${metadata.name}`]);
  };
  for (const pod of pods) {
    let verdict = okay;
    for (const filter of filters) {
      verdict = await filter(pod);
      if (!verdict.delete) break;
    }
    if (verdict.delete) chosen.push(pod);
    note(errors, verdict.error, pod);
    note(warnings, verdict.warning, pod);
  }
  return { pods: chosen, errors: listed(errors).map((text) => `cannot delete ${text}`), warnings: listed(warnings).join('; ') };
}
