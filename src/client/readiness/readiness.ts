/**
 * Whether an object has become what its spec asks for, and if not, what is missing. Pure. Kinds without rules of their
 * own are ready when their condition `Ready` (or `Available`) says so, and when they have no such condition.
 */

export interface Condition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerStatus {
  readonly name?: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: Waiting; readonly running?: object; readonly terminated?: Terminated };
  readonly lastState?: { readonly terminated?: Terminated };
}

interface Waiting {
  readonly reason?: string;
  readonly message?: string;
}

interface Terminated extends Waiting {
  readonly exitCode?: number;
}

/** The fields of an object, as it comes from the API, that say whether it is ready. */
export interface StatusOf {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly uid?: string }[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly replicas?: number;
    readonly paused?: boolean;
    readonly suspend?: boolean;
    readonly type?: string;
    readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
    readonly initContainers?: readonly { readonly name?: string; readonly restartPolicy?: string }[];
    readonly completions?: number;
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberAvailable?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly active?: number;
    readonly conditions?: readonly Condition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly loadBalancer?: { readonly ingress?: readonly object[] };
  };
}

/** `failed`: it will not become ready by itself. */
export interface Readiness {
  readonly state: 'ready' | 'waiting' | 'failed';
  /** What is missing; '' when it is ready. */
  readonly why: string;
}

export const ready: Readiness = { state: 'ready', why: '' };
export const waiting = (why: string): Readiness => ({ state: 'waiting', why });
export const failed = (why: string): Readiness => ({ state: 'failed', why });

const conditionOf = ({ status }: StatusOf, type: string): Condition | undefined => status?.conditions?.find((each) => each.type === type);

/** `Reason: message`, as much of it as there is. */
export const said = ({ reason = '', message = '' }: Waiting): string => [reason, message].filter((text) => text !== '').join(': ');

const behind = ({ metadata, status }: StatusOf): boolean => (metadata?.generation ?? 0) > (status?.observedGeneration ?? 0);

function workload(object: StatusOf, available: number): Readiness {
  const { spec, status } = object;
  if (behind(object)) return waiting('its controller has not seen its last change');
  const wanted = spec?.replicas ?? 1;
  if (available >= wanted && (status?.replicas ?? 0) <= wanted) return ready;
  const failure = conditionOf(object, 'ReplicaFailure');
  const because = failure?.status === 'True' ? `; ${said(failure)}` : '';
  return waiting(`${available} of ${wanted} replicas are available${because}`);
}

function deployment(object: StatusOf): Readiness {
  const progress = conditionOf(object, 'Progressing');
  if (!behind(object) && progress?.reason === 'ProgressDeadlineExceeded') return failed(said(progress));
  const { updatedReplicas = 0, availableReplicas = 0 } = object.status ?? {};
  return workload(object, object.spec?.paused === true ? availableReplicas : Math.min(updatedReplicas, availableReplicas));
}

function statefulSet(object: StatusOf): Readiness {
  const { spec, status } = object;
  if (behind(object)) return waiting('its controller has not seen its last change');
  const wanted = spec?.replicas ?? 1;
  const { readyReplicas = 0, updatedReplicas = 0 } = status ?? {};
  if (readyReplicas < wanted) return waiting(`${readyReplicas} of ${wanted} replicas are ready`);
  const { type, rollingUpdate } = spec?.updateStrategy ?? {};
  if (type === 'OnDelete' || status?.currentRevision === status?.updateRevision) return ready;
  const toUpdate = wanted - (rollingUpdate?.partition ?? 0);
  return updatedReplicas >= toUpdate && rollingUpdate?.partition !== undefined
    ? ready
    : waiting(`${updatedReplicas} of ${toUpdate} replicas are updated`);
}

function daemonSet(object: StatusOf): Readiness {
  if (behind(object)) return waiting('its controller has not seen its last change');
  const { desiredNumberScheduled: wanted = 0, updatedNumberScheduled = 0, numberAvailable = 0 } = object.status ?? {};
  const updated = object.spec?.updateStrategy?.type === 'OnDelete' ? wanted : updatedNumberScheduled;
  const there = Math.min(updated, numberAvailable);
  return there >= wanted ? ready : waiting(`${there} of ${wanted} nodes have an available pod`);
}

function job(object: StatusOf): Readiness {
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') return failed(said(failure));
  if (conditionOf(object, 'Complete')?.status === 'True' || object.spec?.suspend === true) return ready;
  const { succeeded = 0, failed: lost = 0 } = object.status ?? {};
  return waiting(`${succeeded} of ${object.spec?.completions ?? 1} completions${lost === 0 ? '' : `, ${lost} failed pods`}`);
}

/** What keeps a container from being ready; undefined when it is, or has ended well. */
function containerTrouble({ name = '', ready: isReady, state, lastState, restartCount = 0 }: ContainerStatus): string | undefined {
  const last = lastState?.terminated;
  const before =
    restartCount === 0 || last === undefined ? '' : ` (before: exit code ${last.exitCode ?? 0}, ${said(last)}; restarts: ${restartCount})`;
  if (state?.waiting !== undefined) return `container ${name}: ${said(state.waiting) || 'is waiting'}${before}`;
  if (state?.terminated !== undefined) {
    const { exitCode = 0 } = state.terminated;
    return exitCode === 0 ? undefined : `container ${name}: exit code ${exitCode}, ${said(state.terminated)}`;
  }
  return isReady === true ? undefined : `container ${name}: runs, but is not ready${before}`;
}

function pod(object: StatusOf): Readiness {
  const { phase, conditions = [], containerStatuses = [], initContainerStatuses = [] } = object.status ?? {};
  if (phase === 'Succeeded') return ready;
  const sidecars = new Set(object.spec?.initContainers?.filter((each) => each.restartPolicy === 'Always').map(({ name }) => name));
  // Init containers that have ended, or have not begun because an earlier one runs, are no trouble of their own.
  const initial = initContainerStatuses.filter(({ name, state, ready: isReady }) =>
    sidecars.has(name) ? isReady !== true : state?.terminated?.exitCode !== 0,
  );
  const troubles = [...initial.slice(0, 1), ...containerStatuses].flatMap((status) => containerTrouble(status) ?? []);
  if (phase === 'Failed')
    return failed([said(object.status ?? {}), ...troubles].filter((text) => text !== '').join('; ') || 'it has failed');
  if (conditionOf(object, 'Ready')?.status === 'True') return ready;
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False') return waiting(said(scheduled));
  const gates = conditions.filter(
    ({ type, status }) => status === 'False' && type !== 'Ready' && type !== 'ContainersReady' && type !== 'Initialized',
  );
  return waiting([...troubles, ...gates.map((gate) => `${gate.type}: ${said(gate)}`)].join('; ') || 'its containers have not started');
}

/** A claim may wait for its first pod, which is then what is not ready. */
const persistentVolumeClaim = ({ status }: StatusOf): Readiness => (status?.phase === 'Lost' ? failed('its volume is lost') : ready);

function byConditions(object: StatusOf, ...types: readonly string[]): Readiness {
  const condition = types.map((type) => conditionOf(object, type)).find((each) => each !== undefined);
  if (condition === undefined || condition.status === 'True') return ready;
  return waiting(`${condition.type} is ${condition.status ?? 'not known'}${said(condition) === '' ? '' : `: ${said(condition)}`}`);
}

/** The condition must be there. */
const awaits =
  (type: string) =>
  (object: StatusOf): Readiness =>
    conditionOf(object, type) === undefined ? waiting(`it is not ${type} yet`) : byConditions(object, type);

/** The rules by group and kind. */
const rules: Readonly<Record<string, (object: StatusOf) => Readiness>> = {
  'apps/Deployment': deployment,
  'apps/StatefulSet': statefulSet,
  'apps/DaemonSet': daemonSet,
  'apps/ReplicaSet': (object) => workload(object, object.status?.availableReplicas ?? 0),
  '/ReplicationController': (object) => workload(object, object.status?.availableReplicas ?? 0),
  'batch/Job': job,
  '/Pod': pod,
  '/PersistentVolumeClaim': persistentVolumeClaim,
  '/Namespace': ({ status }) => (status?.phase === 'Active' ? ready : waiting(`it is ${status?.phase ?? 'not active'}`)),
  '/Service': ({ spec, status }) =>
    spec?.type === 'LoadBalancer' && (status?.loadBalancer?.ingress ?? []).length === 0 ? waiting('it has no address') : ready,
  'apiextensions.k8s.io/CustomResourceDefinition': awaits('Established'),
  'apiregistration.k8s.io/APIService': awaits('Available'),
};

/** Groups whose workloads are those of `apps` in versions that upstream has removed. */
const formerly: Readonly<Record<string, string>> = { extensions: 'apps' };

/** What is missing for an object to be ready. */
export function readinessOf(object: StatusOf): Readiness {
  const [group = ''] = (object.apiVersion ?? '').includes('/') ? (object.apiVersion ?? '').split('/') : [''];
  if (object.metadata?.deletionTimestamp !== undefined) return waiting('it is being deleted');
  const rule = rules[`${formerly[group] ?? group}/${object.kind ?? ''}`];
  return rule === undefined ? byConditions(object, 'Ready', 'Available') : rule(object);
}
