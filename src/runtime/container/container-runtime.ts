/**
 * The container runtime: the few operations of a container engine that the kubelet needs, modelled on the CRI.
 * Implemented by `docker/` (dockerode) and `simulated/` (in memory), with one contract suite for both
 * (container-runtime.contract.ts).
 *
 * Guarantees: every method rejects with `RuntimeError` and nothing else. Creating something that exists (same pod uid
 * and attempt, same container name and attempt) returns the existing one. Stopping or removing something that is gone
 * succeeds. Everything that is created carries labels (`docker/names-and-labels.ts`), so that `list()` finds it after a
 * restart. Objects of another cluster on the same engine are never seen or touched.
 */
import type { Readable, Writable } from 'node:stream';

export type RuntimeErrorCode =
  | 'NotFound'
  | 'ImageNotFound'
  | 'ImagePullFailed'
  | 'InvalidImageName'
  | 'RegistryUnavailable'
  | 'StartFailed'
  | 'PortInUse'
  | 'Unavailable'
  | 'Other';

/** A failure of the engine. `message` is the engine's own text and can be shown in an Event. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
  }
}

/** The pod that something belongs to. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The virtual node on which the pod runs. */
  readonly node: string;
}

export interface PortMapping {
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface SandboxConfig {
  readonly pod: PodIdentity;
  /** Counts the sandboxes of one pod, from 0. */
  readonly attempt: number;
  /** '': the host's own name. */
  readonly hostname: string;
  /** Whether it shares the host's network, PID or IPC namespace. */
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  /** False: its users must not be those of the host. An engine without user namespaces refuses that. */
  readonly hostUsers: boolean;
  /** Name of the engine's runtime that runs the pod; '' for its default. */
  readonly runtimeHandler: string;
  readonly portMappings: readonly PortMapping[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Parent cgroup; '' for the engine's default. */
  readonly cgroupParent: string;
  /**
   * The part of the cluster's range that the address is to be of. When no address is left there, and when it is absent,
   * the sandbox gets any address of the cluster's range.
   */
  readonly podCidr?: string;
}

export interface Sandbox {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly state: 'ready' | 'notReady';
  /** '' with host network, or when not running. */
  readonly ip: string;
  readonly createdAtMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation?: 'None' | 'HostToContainer' | 'Bidirectional';
  /** No file in it can be executed; only with `readOnly`. */
  readonly noExec?: boolean;
  /** What is mounted below it is read-only too; only where `RuntimeInfo.recursiveReadOnly`. */
  readonly recursiveReadOnly?: boolean;
  /** A file system of another machine, which the engine mounts in place of `hostPath`. */
  readonly remote?: { readonly type: 'nfs'; readonly server: string; readonly path: string };
}

export interface DeviceMapping {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly permissions: string;
}

/** Limits on a container; absent means unlimited. */
export interface ContainerResources {
  readonly cpuShares?: number;
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs?: number;
  readonly memoryBytes?: number;
  /** How many processes and threads there may be. */
  readonly pids?: number;
  /** -1000 … 1000; an engine that may not lower scores takes 0 for negative ones. */
  readonly oomScoreAdj?: number;
}

export interface ContainerSecurity {
  /** A user id, or the user name that the image sets. Absent: the image's user, with its group. */
  readonly runAsUser?: number | string;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  /** Whether the process also gets the groups that the image gives to its user. */
  readonly imageGroups: boolean;
  readonly privileged: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  /** True: nothing below /proc and /sys is hidden or made read-only. */
  readonly unmaskedProc: boolean;
  /** 'runtime/default', 'unconfined' or 'localhost/<absolute path>'; absent: the engine's default. */
  readonly seccompProfile?: string;
  readonly apparmorProfile?: string;
  readonly selinuxOptions?: Readonly<Record<string, string>>;
}

/** Whom the first process of a container is started as, by numbers. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  /** All its groups, that of `gid` among them, ascending. */
  readonly supplementalGroups: readonly number[];
}

export interface ContainerConfig {
  readonly pod: PodIdentity;
  readonly sandboxId: string;
  readonly name: string;
  /** Counts the starts of this container in its pod, from 0. */
  readonly attempt: number;
  readonly image: string;
  /** Replaces the image's entrypoint when not empty. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly devices: readonly DeviceMapping[];
  /** Ids of the GPUs that the container gets (`RuntimeInfo.devices`). */
  readonly gpus: readonly string[];
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
  /**
   * Whose PID namespace it uses: its own, that of the pod's sandbox, that of the host, or that of another container
   * (id).
   */
  readonly pidMode: 'container' | 'pod' | 'host' | { readonly target: string };
  readonly hostNetwork: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  /** Unix socket or file paths inside the container are made by the engine; tmpfs mounts by path → options (size=…). */
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown';

/**
 * How a container that could not be started shows this, whatever the engine's own exit code is. Source: containerd,
 * internal/cri/server/helpers.go (errorStartReason, errorStartExitCode).
 */
export const START_FAILURE = { exitCode: 128, reason: 'StartError' } as const;

export interface Container {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly image: string;
  /** Image id, `sha256:…`. */
  readonly imageId: string;
  readonly state: ContainerState;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  /** 'OOMKilled', 'Error', 'Completed', 'StartError' or ''. */
  readonly reason: string;
  readonly message: string;
  /** What it has written as its last words, where its files cannot be read; absent: nothing, or they can. */
  readonly terminationMessage?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A change on the engine of something that belongs to this cluster. */
export type RuntimeEvent =
  | { readonly type: 'sandboxStarted' | 'sandboxStopped' | 'sandboxRemoved'; readonly podUid: string; readonly id: string }
  | {
      readonly type: 'containerStarted' | 'containerExited' | 'containerRemoved' | 'containerOom';
      readonly podUid: string;
      readonly id: string;
    }
  /** The stream was opened (again) after a gap: the reader must list again. */
  | { readonly type: 'resync' }
  /** The engine does not answer. Sent once; `resync` follows when it answers again. */
  | { readonly type: 'unavailable'; readonly message: string };

/** An event about one pod. */
export type PodRuntimeEvent = Exclude<RuntimeEvent, { type: 'resync' | 'unavailable' }>;

export interface ExecOptions {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  /** Not used with a TTY. */
  readonly stderr?: Writable;
  /** Terminal size changes. */
  readonly resize?: AsyncIterable<{ readonly width: number; readonly height: number }>;
  readonly signal?: AbortSignal;
  /**
   * True: the command is ended when the signal aborts. Otherwise it keeps running, and only the connection is closed.
   */
  readonly endsOnAbort?: boolean;
}

export interface AttachOptions extends Omit<ExecOptions, 'command' | 'endsOnAbort'> {}

export interface LogOptions {
  readonly follow: boolean;
  /** Lines from the end; absent: all. */
  readonly tailLines?: number;
  readonly sinceMs?: number;
  readonly timestamps: boolean;
  readonly limitBytes?: number;
  /** Absent: both streams, interleaved as written. */
  readonly stream?: 'stdout' | 'stderr';
  readonly signal: AbortSignal;
}

/** A part of a line of a container's output. */
export interface LogPiece {
  readonly stream: 'stdout' | 'stderr';
  /** When the line was written: RFC 3339 with nine decimals, so that text order is time order. */
  readonly time: string;
  /** Whether the line begins with it. */
  readonly begins: boolean;
  /** Not empty; ends with the line feed if the line does. */
  readonly bytes: Uint8Array;
}

export interface LogFollowOptions {
  /** Lines that were written before are left out. Absent: none is. */
  readonly sinceMs?: number;
  readonly signal: AbortSignal;
}

/** The current resource usage of one container. */
export interface ContainerStats {
  readonly timestampMs: number;
  /** Nanoseconds of CPU used since its start. */
  readonly cpuUsageNs: number;
  readonly memoryUsageBytes: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryRssBytes: number;
  /** Its processes and their threads. */
  readonly processes: number;
  readonly writableLayerBytes: number;
  /** Size of its log on disk; 0 where the engine's files cannot be read. */
  readonly logBytes: number;
}

export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** The user of the image's config ('' = root), for runAsNonRoot. */
  readonly user: string;
  readonly volumes: readonly string[];
  readonly stopSignal: string;
}

export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
  readonly identityToken?: string;
  readonly serverAddress: string;
}

/** A runtime of the engine, which RuntimeClasses name. */
export interface RuntimeHandler {
  /** '': the default one. */
  readonly name: string;
  /** Whether it can make mounts read-only together with what is mounted below them. */
  readonly recursiveReadOnly: boolean;
}

/** Information about the engine, for the Node's status. */
export interface RuntimeInfo {
  /** `docker`, `simulated`. */
  readonly name: string;
  readonly version: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** In Go's terms: amd64, arm64. */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
  readonly machineId: string;
  readonly bootId: string;
  readonly cgroupVersion: 1 | 2;
  /** Whether it enforces AppArmor profiles. */
  readonly appArmor: boolean;
  /** Ids of the devices that it can give to containers, by resource name: `nvidia.com/gpu`. */
  readonly devices: Readonly<Record<string, readonly string[]>>;
  /** Whether its default runtime can make mounts read-only together with what is mounted below them. */
  readonly recursiveReadOnly: boolean;
  /** All its runtimes, the default one first; also those that may be named, by their names. */
  readonly handlers: readonly RuntimeHandler[];
  /** The folder of its images and containers on its own machine; '' when it has none. */
  readonly root: string;
}

export interface Sandboxes {
  /** Creates and starts a sandbox; resolves when its IP is known. */
  run(config: SandboxConfig): Promise<Sandbox>;
  inspect(id: string): Promise<Sandbox | undefined>;
  /** With a node: only sandboxes of pods on that node. */
  list(node?: string): Promise<readonly Sandbox[]>;
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** A byte stream to a TCP port inside the sandbox's network (port-forward). */
  dial(id: string, port: number): Promise<import('node:stream').Duplex>;
}

export interface Containers {
  create(config: ContainerConfig): Promise<string>;
  start(id: string): Promise<void>;
  /**
   * Sends the stop signal, then SIGKILL after the grace period (0: SIGKILL at once). Resolves when the container has
   * exited.
   */
  stop(id: string, graceSeconds: number): Promise<void>;
  remove(id: string): Promise<void>;
  inspect(id: string): Promise<Container | undefined>;
  /** With a node: only containers of pods on that node. */
  list(node?: string): Promise<readonly Container[]>;
  updateResources(id: string, resources: ContainerResources): Promise<void>;
  /**
   * Whom a container of this image (id) is started as; undefined when that cannot be said: the image does not know the
   * user's name.
   */
  userOf(imageId: string, security: ContainerSecurity): Promise<ProcessUser | undefined>;
  stats(id: string): Promise<ContainerStats>;
}

export interface Streams {
  /** Resolves with the exit code; rejects when the signal aborts. */
  exec(containerId: string, options: ExecOptions): Promise<number>;
  /**
   * Resolves when the container's streams end, at the latest when it exits. Rejects when the container does not run.
   */
  attach(containerId: string, options: AttachOptions): Promise<void>;
  /** Resolves at the end of the log (or of following). Respects the back-pressure of `sink`. */
  logs(containerId: string, options: LogOptions, sink: Writable): Promise<void>;
  /**
   * Passes on a log, and what is added to it, in pieces that tell their stream and time; waits for `take` before it
   * reads on. Resolves when the container has ended and its log was read, or when the signal aborts.
   */
  followLog(containerId: string, options: LogFollowOptions, take: (pieces: readonly LogPiece[]) => Promise<void>): Promise<void>;
  /**
   * A connection to a TCP port of a container's pod. Rejects with the system's error (ECONNREFUSED). Absent: pods are
   * reached at their addresses. Present: these addresses exist on no network, so nothing may be sent to them.
   */
  connect?(containerId: string, port: number): Promise<import('node:stream').Duplex>;
  /**
   * What a probe is to find, whatever its action would; undefined: what its action does. Absent: there are programs
   * that are probed.
   */
  health?(containerId: string, probe: 'startup' | 'readiness' | 'liveness'): boolean | undefined;
}

export interface Images {
  /** Undefined when the image is not on this node. */
  inspect(image: string): Promise<Image | undefined>;
  /** Pulls an image and resolves with its id. */
  pull(image: string, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<string>;
  list(): Promise<readonly Image[]>;
  remove(id: string): Promise<void>;
  /** Writes the files of an image into an empty folder of the host, with their owners and modes. */
  unpack(id: string, folder: string): Promise<void>;
}

/** The engine as seen by one cluster. */
export interface ContainerRuntime {
  /** Whether containers see the host's files. False: files that would be mounted need not be written. */
  readonly readsHostFiles: boolean;
  readonly sandboxes: Sandboxes;
  readonly containers: Containers;
  readonly streams: Streams;
  readonly images: Images;
  info(): Promise<RuntimeInfo>;
  /**
   * Live events until the signal aborts. A broken stream is reopened internally and reported as `resync`; an engine
   * that does not answer is reported as `unavailable`. With a node: only events of pods on that node.
   */
  events(signal: AbortSignal, node?: string): AsyncIterable<RuntimeEvent>;
  /**
   * Creates what the cluster needs once (bridge network, pause image), and removes what killed processes of the cluster
   * have left behind beside its pods; idempotent.
   */
  prepare(): Promise<void>;
  /**
   * Removes everything of this cluster from the engine. `abrupt` (default false): whoever used the runtime was killed;
   * what the engine was still making for it is waited for, and removed, too.
   */
  destroy(abrupt?: boolean): Promise<void>;
  close(): Promise<void>;
}
