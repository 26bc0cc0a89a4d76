/**
 * The interface of a type of volume. Each type is one file in this folder and a line in `volume-plugins.ts`. The
 * kubelet asks the plugin for everything that depends on the type. Source: pkg/volume/plugins.go, volume.go.
 */
import type { Pod, Volume } from '../../../api/generated/core/v1.ts';
import type { Quantity } from '../../../api/quantity.ts';
import type { Mount } from '../../container/container-runtime.ts';
import type { PodRuntimeFacts } from '../containers/field-ref.ts';
import type { PodSources, SourceKind } from '../pods/pod-sources.ts';
import type { Payload } from './atomic-writer.ts';
import type { DeviceMount } from './block-device.ts';

/** A volume that cannot be set up now; `message` completes upstream's `MountVolume.SetUp failed for volume "x" : …`. */
export class VolumeError extends Error {
  /** The whole message for users, when it is not made of `message` in the usual way. */
  readonly event: string | undefined;
  constructor(message: string, options: ErrorOptions & { readonly event?: string } = {}) {
    super(message, options);
    this.name = 'VolumeError';
    this.event = options.event;
  }
}

/** The volume cannot be looked up, or is of no use. */
export class ProcessingError extends VolumeError {
  constructor(volume: Volume, message: string) {
    super(message, {
      event: `Unable to attach or mount volumes: unmounted volumes=[${volume.name}], unattached volumes=[], failed to process volumes=[${volume.name}]: ${message}`,
    });
    this.name = 'ProcessingError';
  }
}

/** The pod that a volume belongs to, and the sources of its content. */
export interface VolumeContext {
  readonly pod: Pod;
  readonly facts: PodRuntimeFacts;
  readonly sources: PodSources;
  /** Called with the time at which a token must be renewed, in milliseconds since the epoch. */
  renewAt(atMs: number): void;
}

/** A file system in memory. */
export interface MemoryMount {
  /** How much it holds; 0: as much as the kernel lets it by default. */
  readonly sizeBytes: number;
  /** Its mode, owner and group. Defaults: 1777, and those of who mounts it. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Host commands that need privileges; injected by the composition root. */
export interface HostMounter {
  /** Whether this process mounts by itself. Otherwise each mount costs a container. */
  readonly isDirect: boolean;
  /** Mounts memory. Rejects when the host does not allow it. */
  mountTmpfs(path: string, memory: MemoryMount): Promise<void>;
  /** Mounts a block device, and makes a file system on a blank one. Rejects when the host does not allow it. */
  mountDevice(path: string, mount: DeviceMount): Promise<void>;
  /** Makes the file system of a mounted device as large as the device. */
  growDevice(path: string, device: string): Promise<void>;
  unmount(path: string): Promise<void>;
  isMounted(path: string): Promise<boolean>;
  /** Mount points at or below a folder, deepest first. */
  mountsBelow(path: string): Promise<readonly string[]>;
  /** Removes a folder whose files may belong to other users. */
  removeTree(path: string): Promise<void>;
}

/** The node's services for plugins. */
export interface VolumeHost {
  readonly mounter: HostMounter;
  /** Replaces all files of a volume atomically; keeps them in memory if requested and the host allows it. */
  writeContent(path: string, payload: Payload, options: { readonly pod: Pod; readonly memoryBytes: number | undefined }): Promise<void>;
}

/** An API object that a volume is made from. */
export type Reference = readonly [SourceKind, string | undefined];

/** A folder of another machine. */
export type RemoteVolume = NonNullable<Mount['remote']>;

/** Where a volume is that objects of the API describe. */
export interface Located {
  /** The name of the object, for messages. */
  readonly name: string;
  /** On the host, or where another machine has it. */
  readonly place: string | RemoteVolume;
  /** Makes it ready. `isNew`: the pod has not had it from this kubelet. */
  setUp(isNew: boolean, host: VolumeHost): Promise<void>;
}

/** One type of volume. `S` is the type of its field in a pod's `volumes`. */
export interface VolumePlugin<S extends object = object> {
  /** The volume's field of this type; undefined when the volume is of another type. */
  sourceOf(volume: Volume): S | undefined;
  /** Names the folder of such volumes below a pod's, `kubernetes.io~<folder>`. */
  readonly folder: string;
  /** Containers may not write to it, whatever they ask for. */
  readonly readOnly: boolean;
  /** The volume's host path, when it is not in the pod's own folder. */
  hostPath?(source: S): string;
  /** Where another machine has the volume, which the engine then mounts for each container. */
  remote?(source: S): RemoteVolume;
  /** The pod wants it read-only, whatever its containers ask for. */
  asksReadOnly?(source: S): boolean;
  /**
   * Finds a volume whose place only the API knows; it is then set up where it is, and not by `setUp`. `folder`: that of
   * the pod's volumes, for what must be mounted first.
   */
  locate?(volume: Volume, context: VolumeContext, folder: string): Promise<Located>;
  /** Makes the volume ready at `path`; idempotent. Rejects with `VolumeError` or a system error. */
  setUp(source: S, path: string, context: VolumeContext, host: VolumeHost): Promise<void>;
  /**
   * Rejects when something that the volume needs is missing, without writing anything; for engines that read no host
   * files. Default: nothing can be missing.
   */
  check?(source: S, context: VolumeContext): Promise<void>;
  /**
   * Whether the volume's present content is usable although it cannot be updated now, even if an earlier kubelet wrote
   * it. Default: the volume must be set up again.
   */
  holdsContent?(path: string): Promise<boolean>;
  /** The API objects that the volume is made from. When one changes, the volume is set up again. */
  references?(source: S): Iterable<Reference>;
  /** Whether files in the volume count as the pod's usage of the node's disk. */
  usesDisk?(source: S): boolean;
  /** The disk usage above which the pod is evicted. */
  diskLimit?(source: S): Quantity | undefined;
}
