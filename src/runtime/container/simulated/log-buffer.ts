import type { LogOptions } from '../container-runtime.ts';

export interface LogEntry {
  readonly timeMs: number;
  readonly stream: 'stdout' | 'stderr';
  /** One line with its line feed, or a last part of the output without one. */
  readonly text: string;
}

/** How many entries of one container are kept. Older ones are dropped, as by log rotation. */
export const maxLogEntries = 10_000;

/** The output of one simulated container, split into lines. */
export class LogBuffer {
  readonly #entries: LogEntry[] = [];
  readonly #partial = { stdout: '', stderr: '' };
  readonly #followers = new Set<(entry: LogEntry | undefined) => void>();

  append(stream: 'stdout' | 'stderr', text: string, nowMs: number): void {
    const lines = (this.#partial[stream] + text).split(/(?<=\n)/);
    const last = lines.at(-1) ?? '';
    const complete = last.endsWith('\n') ? lines : lines.slice(0, -1);
    this.#partial[stream] = last.endsWith('\n') ? '' : last;
    for (const line of complete) this.#add({ timeMs: nowMs, stream, text: line });
  }

  /** Called when the container exits: unfinished lines become entries, and followers end. */
  end(nowMs: number): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#partial[stream] !== '') this.#add({ timeMs: nowMs, stream, text: this.#partial[stream] });
      this.#partial[stream] = '';
    }
    for (const follower of this.#followers) follower(undefined);
    this.#followers.clear();
  }

  /** The entries so far that match the options. */
  select(options: LogOptions): LogEntry[] {
    const chosen = this.#entries.filter((entry) => isWanted(entry, options));
    return options.tailLines === undefined ? chosen : options.tailLines === 0 ? [] : chosen.slice(-options.tailLines);
  }

  /** Calls back for each new entry, and with undefined at the end; returns the unsubscribe function. */
  follow(listener: (entry: LogEntry | undefined) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  #add(entry: LogEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > maxLogEntries) this.#entries.splice(0, maxLogEntries / 10);
    for (const follower of this.#followers) follower(entry);
  }
}

/** Whether an entry matches the stream and time filters. */
export function isWanted(entry: LogEntry, options: LogOptions): boolean {
  return (
    (options.stream === undefined || entry.stream === options.stream) && (options.sinceMs === undefined || entry.timeMs >= options.sinceMs)
  );
}

/** RFC 3339 with nine decimals. */
export const entryTime = (timeMs: number): string => new Date(timeMs).toISOString().replace('Z', '000000Z');

/** The entry as the log API prints it: with a nanosecond RFC 3339 time before it when asked. */
export function renderEntry(entry: LogEntry, timestamps: boolean): string {
  return timestamps ? `${entryTime(entry.timeMs)} ${entry.text}` : entry.text;
}
