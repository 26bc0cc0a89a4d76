/** The streams into pods that a node offers; the kubelet implements it, the composition root connects the two. */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { ObjectRef } from '../../../api/object.ts';

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** The streams of one exec or attach session; absent ones were not asked for. */
export interface StreamOptions {
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  /** Never set together with `tty`. */
  readonly stderr?: Writable;
  /** Terminal size changes, the first one right away; ends with the session. */
  readonly resize?: AsyncIterable<TerminalSize>;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

export interface ExecOptions extends StreamOptions {
  readonly command: readonly string[];
}

/** Source: pkg/apis/core/types.go (PodLogOptions). */
export interface PodLogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly limitBytes?: number;
  /** Absent: both. */
  readonly stream?: 'stdout' | 'stderr';
  readonly signal: AbortSignal;
}

/**
 * Streams of the pods on all nodes. Pod and container names have been checked by the caller; implementations reject with `StatusError`
 * for what only the node knows (`container "x" in pod "y" is waiting to start: ContainerCreating`).
 */
export interface PodStreams {
  /** Why the node refuses exec or attach before anything is upgraded, in its plain words; undefined: the container runs. */
  refusal(verb: 'exec' | 'attach', ref: ObjectRef, container: string): Promise<string | undefined>;
  /** Runs a command; resolves with its exit code when it has ended and its output was written. */
  exec(ref: ObjectRef, container: string, options: ExecOptions): Promise<number>;
  /** Connects to the container's own streams; resolves when they end. How the container ends is not told. Source: cri-streaming remotecommand/attach.go. */
  attach(ref: ObjectRef, container: string, options: StreamOptions): Promise<void>;
  /** A connection to a TCP port inside the pod's network. */
  portForward(ref: ObjectRef, port: number): Promise<Duplex>;
  /** Writes the log; resolves at its end, or when following ends. Must honour the sink's back-pressure. Ends not the sink. */
  logs(ref: ObjectRef, container: string, options: PodLogOptions, sink: Writable): Promise<void>;
}
