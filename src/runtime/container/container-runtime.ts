/**
 * The container runtime: the small part of a container engine that the kubelet needs, after the CRI.
 * Implemented by `docker/` (dockerode) and `simulated/` (in memory); one contract suite for both (container-runtime.contract.ts).
 *
 * Guarantees: every method rejects with `RuntimeError` and nothing else; creating what exists (same pod uid and attempt, same container name and attempt) returns the existing one;
 * stopping or removing what is gone succeeds; everything made carries labels (`docker/names-and-labels.ts`) so that `list()` after a restart finds it again; objects
 * of another cluster on the same engine are never seen or touched.
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

/** A failure of the engine. `message` is the engine's own text, fit for an Event. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  constructor(code: RuntimeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
  }
}

/** Which pod something belongs to. */
export interface PodIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The virtual node it runs on. */
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
  /** '': the host's own. */
  readonly hostname: string;
  /** Shares the host's network, PID or IPC namespace. */
  readonly hostNetwork: boolean;
  readonly hostPid: boolean;
  readonly hostIpc: boolean;
  readonly portMappings: readonly PortMapping[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Parent cgroup or '' for the engine's own. */
  readonly cgroupParent: string;
}

export interface Sandbox {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly attempt: number;
  readonly state: 'ready' | 'notReady';
  /** '' with host network or when not running. */
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
  readonly oomScoreAdj?: number;
}

export interface ContainerSecurity {
  /** A number, or the user that the image names; absent: the image's, and its group. */
  readonly runAsUser?: number | string;
  readonly runAsGroup?: number;
  readonly supplementalGroups: readonly number[];
  readonly privileged: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  /** 'runtime/default', 'unconfined' or 'localhost/<path>'; absent: the engine's default. */
  readonly seccompProfile?: string;
  readonly apparmorProfile?: string;
  readonly selinuxOptions?: Readonly<Record<string, string>>;
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
  readonly resources: ContainerResources;
  readonly security: ContainerSecurity;
  /** Shares the PID namespace of: its own, the pod's sandbox, the host, or another container (id). */
  readonly pidMode: 'container' | 'pod' | 'host' | { readonly target: string };
  readonly hostNetwork: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  /** Signal name for stop, when not the image's. */
  readonly stopSignal?: string;
  /** Unix socket or file paths inside the container are made by the engine; tmpfs mounts by path → options (size=…). */
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown';

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
  /** 'OOMKilled', 'Error', 'Completed', 'ContainerCannotRun' or ''. */
  readonly reason: string;
  readonly message: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What happened on the engine to something of this cluster. */
export type RuntimeEvent =
  | { readonly type: 'sandboxStarted' | 'sandboxStopped' | 'sandboxRemoved'; readonly podUid: string; readonly id: string }
  | {
      readonly type: 'containerStarted' | 'containerExited' | 'containerRemoved' | 'containerOom';
      readonly podUid: string;
      readonly id: string;
    }
  /** The stream was (re)opened after a gap: list again. */
  | { readonly type: 'resync' }
  /** The engine does not answer; said once, `resync` follows when it does again. */
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
  /** The command ends when the signal aborts; otherwise it is only left. */
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
  /** Absent: both, interleaved as written. */
  readonly stream?: 'stdout' | 'stderr';
  readonly signal: AbortSignal;
}

/** Point-in-time use of one container. */
export interface ContainerStats {
  readonly timestampMs: number;
  /** Nanoseconds of CPU used since its start. */
  readonly cpuUsageNs: number;
  readonly memoryUsageBytes: number;
  readonly memoryWorkingSetBytes: number;
  readonly memoryRssBytes: number;
  readonly writableLayerBytes: number;
  /** Of its log on the disk; 0 where the engine's files cannot be seen. */
  readonly logBytes: number;
}

export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  /** User of the image's config ('' = root), for runAsNonRoot. */
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

/** What the engine is, for Node status. */
export interface RuntimeInfo {
  /** `docker`, `simulated`. */
  readonly name: string;
  readonly version: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** Go's names: amd64, arm64. */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
  readonly machineId: string;
  readonly bootId: string;
  readonly cgroupVersion: 1 | 2;
}

export interface Sandboxes {
  /** Creates and starts; resolves when the IP is known. */
  run(config: SandboxConfig): Promise<Sandbox>;
  inspect(id: string): Promise<Sandbox | undefined>;
  /** With a node: only of pods on it. */
  list(node?: string): Promise<readonly Sandbox[]>;
  stop(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** A byte stream to a TCP port inside the sandbox's network (port-forward). */
  dial(id: string, port: number): Promise<import('node:stream').Duplex>;
}

export interface Containers {
  create(config: ContainerConfig): Promise<string>;
  start(id: string): Promise<void>;
  /** Stop signal, then SIGKILL after the grace period (0: SIGKILL at once). Resolves when it has exited. */
  stop(id: string, graceSeconds: number): Promise<void>;
  remove(id: string): Promise<void>;
  inspect(id: string): Promise<Container | undefined>;
  /** With a node: only of pods on it. */
  list(node?: string): Promise<readonly Container[]>;
  updateResources(id: string, resources: ContainerResources): Promise<void>;
  stats(id: string): Promise<ContainerStats>;
}

export interface Streams {
  /** Resolves with the exit code; rejects when the signal aborts. */
  exec(containerId: string, options: ExecOptions): Promise<number>;
  /** Resolves when the container's streams end, at its exit at the latest; rejects when it does not run. */
  attach(containerId: string, options: AttachOptions): Promise<void>;
  /** Resolves at the end of the log (or of following). Respects back-pressure of `sink`. */
  logs(containerId: string, options: LogOptions, sink: Writable): Promise<void>;
}

export interface Images {
  /** Undefined when not on this node. */
  inspect(image: string): Promise<Image | undefined>;
  /** Resolves with the image's id. */
  pull(image: string, credentials: RegistryCredentials | undefined, signal: AbortSignal): Promise<string>;
  list(): Promise<readonly Image[]>;
  remove(id: string): Promise<void>;
}

/** The engine as one cluster sees it. */
export interface ContainerRuntime {
  /** Whether containers see the host's files. False: what would be mounted need not be written. */
  readonly readsHostFiles: boolean;
  readonly sandboxes: Sandboxes;
  readonly containers: Containers;
  readonly streams: Streams;
  readonly images: Images;
  info(): Promise<RuntimeInfo>;
  /** Live events until the signal aborts; a broken stream is reopened inside and reported as `resync`, an engine that is away as `unavailable`. With a node: only of pods on it. */
  events(signal: AbortSignal, node?: string): AsyncIterable<RuntimeEvent>;
  /** Makes what the cluster needs once (bridge network, pause image); idempotent. */
  prepare(): Promise<void>;
  /** Removes everything of this cluster from the engine. */
  destroy(): Promise<void>;
  close(): Promise<void>;
}
