/**
 * A container's log in CRI format: `TIME STREAM TAG text`, with the tag F for a line's end and P for a part before it.
 * Source: pkg/kubelet/kuberuntime/logs/logs.go; containerd internal/cri/io/logger.go (redirectLogs).
 */
import type { LogPiece } from '../../container/container-runtime.ts';

/**
 * A longer line is written in parts. Source: containerd internal/cri/config (DefaultServerConfig:
 * MaxContainerLogLineSize).
 */
const longestBytes = 16 * 1024;
const lineFeed = 10;

/** A line may be written this much later than lines of the other stream that are stamped later. */
const overlapMs = 1000;

type Stream = LogPiece['stream'];

/** The line of one stream that is being read. */
interface OpenLine {
  time: string;
  parts: Uint8Array[];
  bytes: number;
}

/** How far a file got with one stream. */
interface Reached {
  /** Of the last line; of older ones, none is missing. */
  readonly time: string;
  /** How many bytes of that line are in the file; undefined: all. */
  readonly bytes: number | undefined;
}

/** How far an existing file got. */
export interface LogProgress {
  readonly stdout: Reached | undefined;
  readonly stderr: Reached | undefined;
}

/** Turns pieces into CRI lines. Pieces that a file has already are left out. */
export class CriLines {
  readonly #open: Partial<Record<Stream, OpenLine>> = {};
  readonly #reached: LogProgress;
  /** How many of the next bytes of a line the file has already. */
  readonly #known: Record<Stream, number> = { stdout: 0, stderr: 0 };

  constructor(reached: LogProgress = { stdout: undefined, stderr: undefined }) {
    this.#reached = reached;
  }

  /** The lines, and parts of long lines, that these pieces complete. */
  add(pieces: readonly LogPiece[]): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const piece of pieces) this.#add(piece, out);
    return out;
  }

  /** The rest of the last lines, when no more will come. */
  end(): Uint8Array[] {
    const out: Uint8Array[] = [];
    for (const stream of ['stdout', 'stderr'] as const) {
      const open = this.#open[stream];
      if (open !== undefined && open.bytes > 0) write(out, stream, open, 'P');
      delete this.#open[stream];
    }
    return out;
  }

  #add({ stream, time, begins, bytes }: LogPiece, out: Uint8Array[]): void {
    if (begins) this.#known[stream] = this.#knownBytes(stream, time);
    const fresh = bytes.subarray(Math.min(this.#known[stream], bytes.length));
    this.#known[stream] -= bytes.length - fresh.length;
    if (fresh.length === 0) return;
    const open = this.#open[stream] ?? { time, parts: [], bytes: 0 };
    open.time = time;
    this.#open[stream] = open;
    const ends = fresh.at(-1) === lineFeed;
    let rest = ends ? fresh.subarray(0, -1) : fresh;
    while (open.bytes + rest.length > longestBytes) {
      const part = rest.subarray(0, longestBytes - open.bytes);
      rest = rest.subarray(part.length);
      push(open, part);
      write(out, stream, open, 'P');
    }
    push(open, rest);
    if (ends) write(out, stream, open, 'F');
  }

  #knownBytes(stream: Stream, time: string): number {
    const reached = this.#reached[stream];
    if (reached === undefined || time > reached.time) return 0;
    return time === reached.time ? (reached.bytes ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  }
}

function push(line: OpenLine, part: Uint8Array): void {
  line.parts.push(part);
  line.bytes += part.length;
}

function write(out: Uint8Array[], stream: Stream, line: OpenLine, tag: 'F' | 'P'): void {
  out.push(Buffer.from(`${line.time} ${stream} ${tag} `, 'latin1'), ...line.parts, newLine);
  line.parts = [];
  line.bytes = 0;
}

const newLine = Buffer.from('\n');
const linePattern = /^(\S+Z) (stdout|stderr) ([FP])$/;

interface ReadLine {
  readonly time: string;
  readonly stream: Stream;
  readonly isPart: boolean;
  readonly bytes: number;
}

function readLines(text: Buffer): readonly ReadLine[] {
  const lines: ReadLine[] = [];
  for (let at = 0; at < text.length; ) {
    const feed = text.indexOf(lineFeed, at);
    const end = feed < 0 ? text.length : feed;
    const headEnd = at + '2026-01-02T03:04:05.000000000Z stdout F'.length;
    const [, time, stream, tag] = linePattern.exec(text.toString('latin1', at, Math.min(headEnd, end))) ?? [];
    if (time !== undefined && (stream === 'stdout' || stream === 'stderr'))
      lines.push({ time, stream, isPart: tag === 'P', bytes: Math.max(0, end - headEnd - 1) });
    at = end + 1;
  }
  return lines;
}

/** The end of a file. */
export interface FileEnd {
  /** Begins with a whole line and ends with a line feed. */
  readonly bytes: Buffer;
  /** Whether it is all of the file. */
  readonly isWhole: boolean;
  /** Whether other files have what was written before this one. */
  readonly isContinued: boolean;
}

/** How far a log got, from the end of its last file. Undefined when more of the file must be read to know it. */
export function logProgress({ bytes, isWhole, isContinued }: FileEnd): LogProgress | undefined {
  const lines = readLines(bytes);
  const [first] = lines;
  if (first === undefined) return isWhole ? { stdout: undefined, stderr: undefined } : undefined;
  const of = (stream: Stream): Reached | undefined | 'unknown' => {
    const own = lines.filter((line) => line.stream === stream);
    const last = own.at(-1);
    // What a stream wrote before is not missing either.
    if (last === undefined) return isWhole && !isContinued ? undefined : { time: first.time, bytes: undefined };
    if (!last.isPart) return { time: last.time, bytes: undefined };
    const before = own.findLastIndex((line) => !line.isPart || line.time !== last.time);
    if (before === -1 && !isWhole) return 'unknown';
    return { time: last.time, bytes: own.slice(before + 1).reduce((sum, line) => sum + line.bytes, 0) };
  };
  const [stdout, stderr] = [of('stdout'), of('stderr')];
  return stdout === 'unknown' || stderr === 'unknown' ? undefined : { stdout, stderr };
}

/** The time from which the log must be read again, in milliseconds since the epoch; undefined: from its beginning. */
export function resumeAtMs({ stdout, stderr }: LogProgress): number | undefined {
  const times = [stdout, stderr].flatMap((reached) => (reached === undefined ? [] : [reached.time]));
  const latest = times.sort().at(-1);
  return latest === undefined || times.length < 2 ? undefined : Date.parse(latest) - overlapMs;
}
