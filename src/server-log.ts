/**
 * The server's log: JSON lines on standard output, a file of the profile's folder. Nothing about it can end the process: what cannot be written, as on a full disk,
 * is counted, and the count is the first thing that is written when there is room again.
 */
import { writeSync } from 'node:fs';
import { createJsonLogger, type Logger } from './client/logger.ts';
import { withoutRepeats } from './client/repeat-filter.ts';
import { sourcePositions } from './executable.ts';

/** What fails again and again is said every so often. */
const quietMs = 10 * 60_000;

/** Writes whole lines; never throws. */
export class LogFile {
  readonly #write: (text: string) => number;
  #lost = 0;
  /** A line was written in part: the next begins on a line of its own. */
  #cut = false;

  /** `write` takes a text and returns how many bytes of it were written, or throws. */
  constructor(write: (text: string) => number) {
    this.#write = write;
  }

  write(line: string): void {
    const lost = this.#lost;
    const told =
      lost === 0 ? '' : `${JSON.stringify({ level: 'warn', msg: 'Log lines were lost: they could not be written', lines: lost })}\n`;
    this.#lost = this.#put(`${this.#cut ? '\n' : ''}${told}${line}`) ? 0 : lost + 1;
  }

  #put(text: string): boolean {
    try {
      const written = this.#write(text);
      if (written > 0) this.#cut = written < Buffer.byteLength(text);
      return written > 0 && !this.#cut;
    } catch {
      return false;
    }
  }
}

/** The log of this process. Also makes the process' own streams harmless, on which libraries and Node itself write. */
export function openServerLog(): Logger {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // Deprecations are for those who write programs. The executable has a flag for that, which makes this read-only.
  if (process.noDeprecation !== true) process.noDeprecation = true;
  const logger = createJsonLogger({ stream: new LogFile((text) => writeSync(1, text)), now: Date.now, stackOf: sourcePositions });
  return withoutRepeats(logger, { now: () => performance.now(), quietMs, maxLines: 1000 });
}
