/** The streams into pods that a node offers. The kubelet implements them; the composition root connects the two. */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { ObjectRef } from '../../../api/object.ts';

/** Is told how much a connection carries, either way, in bytes, as it goes. */
export type OnBytes = (bytes: number) => void;

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** The streams of one exec or attach session. A stream that the client did not request is absent. */
export interface StreamOptions {
  readonly tty: boolean;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  /** Never set together with `tty`. */
  readonly stderr?: Writable;
  /** Terminal sizes: the current one at once, then each change; ends with the session. */
  readonly resize?: AsyncIterable<TerminalSize>;
  /** Aborts when the client disconnects. */
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
  /** Absent: both streams. */
  readonly stream?: 'stdout' | 'stderr';
  readonly signal: AbortSignal;
}

/**
 * Streams of the pods on all nodes. Callers have already checked pod and container names. Implementations reject with
 * `StatusError` for errors that only the node can know (`container "x" in pod "y" is waiting to start:
 * ContainerCreating`).
 */
export interface PodStreams {
  /**
   * The node's reason to refuse exec or attach, as plain text, asked for before the connection is upgraded. Undefined:
   * the container runs.
   */
  refusal(verb: 'exec' | 'attach', ref: ObjectRef, container: string): Promise<string | undefined>;
  /** Runs a command. Resolves with its exit code when it has ended and all output has been written. */
  exec(ref: ObjectRef, container: string, options: ExecOptions): Promise<number>;
  /**
   * Connects to the container's own streams; resolves when they end. The container's exit code is not reported. Source:
   * cri-streaming remotecommand/attach.go.
   */
  attach(ref: ObjectRef, container: string, options: StreamOptions): Promise<void>;
  /** Opens a connection to a TCP port inside the pod's network. */
  portForward(ref: ObjectRef, port: number): Promise<Duplex>;
  /**
   * Writes the log. Resolves at its end, or when following ends. Must honour the sink's back-pressure; does not end the
   * sink.
   */
  logs(ref: ObjectRef, container: string, options: PodLogOptions, sink: Writable): Promise<void>;
}
