/**
 * What a type of volume is: one file in this folder each, and a line in `volume-plugins.ts`. Everything that the kubelet has to know of a type it asks
 * its plugin. Source: pkg/volume/plugins.go, volume.go.
 */
import type { Pod, Volume } from '../../../api/generated/core/v1.ts';
import type { Quantity } from '../../../api/quantity.ts';
import type { PodRuntimeFacts } from '../containers/field-ref.ts';
import type { PodSources, SourceKind } from '../pods/pod-sources.ts';
import type { Payload } from './atomic-writer.ts';

/** A volume that cannot be set up now; `message` completes upstream's `MountVolume.SetUp failed for volume "x" : …`. */
export class VolumeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VolumeError';
  }
}

/** The pod that a volume is for, and what its content may come from. */
export interface VolumeContext {
  readonly pod: Pod;
  readonly facts: PodRuntimeFacts;
  readonly sources: PodSources;
  /** Called with the time at which a token must be renewed, in milliseconds since the epoch. */
  renewAt(atMs: number): void;
}

/** Host commands that need privileges; injected by the composition root. */
export interface HostMounter {
  /** Mounts a tmpfs of at most `sizeBytes` (0: the kernel's default). Rejects when the host does not allow it. */
  mountTmpfs(path: string, sizeBytes: number): Promise<void>;
  unmount(path: string): Promise<void>;
  isMounted(path: string): Promise<boolean>;
  /** Mount points at or below a folder, deepest first. */
  mountsBelow(path: string): Promise<readonly string[]>;
  /** Removes a folder whose files may belong to other users. */
  removeTree(path: string): Promise<void>;
}

/** What the node gives its plugins. */
export interface VolumeHost {
  readonly mounter: HostMounter;
  /** Replaces all files of a volume at once, in memory if that is asked for and the host allows it. */
  writeContent(path: string, payload: Payload, options: { readonly pod: Pod; readonly memoryBytes: number | undefined }): Promise<void>;
}

/** An API object that a volume is made from. */
export type Reference = readonly [SourceKind, string | undefined];

/** One type of volume. `S` is the type of its field in a pod's `volumes`. */
export interface VolumePlugin<S extends object = object> {
  /** The volume's field of this type; undefined when the volume is of another type. */
  sourceOf(volume: Volume): S | undefined;
  /** Names the folder of such volumes below a pod's, `kubernetes.io~<folder>`. */
  readonly folder: string;
  /** Containers may not write to it, whatever they ask for. */
  readonly readOnly: boolean;
  /** Where it is on the host, when not in the pod's own folder. */
  hostPath?(source: S): string;
  /** Makes it ready at `path`; idempotent. Rejects with `VolumeError`, or with what the system says. */
  setUp(source: S, path: string, context: VolumeContext, host: VolumeHost): Promise<void>;
  /** Finds what is missing, without writing: for engines that read no files. Default: nothing can be missing. */
  check?(source: S, context: VolumeContext): Promise<void>;
  /** Whether what it holds will do although it cannot be brought up to date, whoever wrote it. Default: it must be set up anew. */
  holdsContent?(path: string): Promise<boolean>;
  /** The API objects that it is made from: a change of them sets it up again. */
  references?(source: S): Iterable<Reference>;
  /** Whether what containers write to it counts as the pod's use of the node's disk. */
  usesDisk?(source: S): boolean;
  /** How much of the disk it may use before the pod is evicted. */
  diskLimit?(source: S): Quantity | undefined;
}
