/**
 * The server's log: JSON lines on standard output, which is a file in the profile's folder. Logging can never end the
 * process: lines that cannot be written, as on a full disk, are counted, and the count is written first when there is
 * room again.
 */
import { writeSync } from 'node:fs';
import { createJsonLogger, type Logger } from './client/logger.ts';
import { withoutRepeats } from './client/repeat-filter.ts';
import { sourcePositions } from './executable.ts';

/** How often a repeated failure is logged, in milliseconds. */
const quietMs = 10 * 60_000;

/** Writes whole lines; never throws. */
export class LogFile {
  readonly #write: (text: string) => number;
  #lost = 0;
  /** True when a line was written only in part: the next one must begin on a new line. */
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

/**
 * The log of this process. Also makes errors of the process' own streams harmless, to which libraries and Node itself
 * write.
 */
export function openServerLog(): Logger {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // Deprecation warnings are for developers. The executable sets a flag for this, which makes the property read-only.
  if (process.noDeprecation !== true) process.noDeprecation = true;
  const logger = createJsonLogger({ stream: new LogFile((text) => writeSync(1, text)), now: Date.now, stackOf: sourcePositions });
  return withoutRepeats(logger, { now: () => performance.now(), quietMs, maxLines: 1000 });
}
