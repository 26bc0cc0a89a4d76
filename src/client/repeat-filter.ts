/**
 * A logger that writes repeated warnings and errors once, so that something that fails at every attempt does not fill
 * the log. A repeated line is written again after a while, with the number of lines left out. Other levels are not
 * filtered.
 */
import type { LogFields, Logger } from './logger.ts';

export interface RepeatFilterOptions {
  readonly now: () => number;
  /** For how long, in milliseconds, an equal line is not written again. */
  readonly quietMs: number;
  /** How many different lines are remembered. */
  readonly maxLines: number;
}

interface Said {
  readonly atMs: number;
  heldBack: number;
}

/** Fields that differ between attempts; they are ignored when lines are compared. */
const countingFields = new Set(['retryInMs', 'delayMs', 'attempt', 'attempts', 'failures', 'restarts', 'resourceVersion', 'afterMs']);

const render = (key: string, value: unknown): unknown => {
  if (countingFields.has(key)) return undefined;
  if (typeof value === 'bigint') return String(value);
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
};

/** The remembered lines of a logger and of all loggers derived from it. */
class Lines {
  readonly #options: RepeatFilterOptions;
  /** The lines in the order in which they were last written. */
  readonly #said = new Map<string, Said>();

  constructor(options: RepeatFilterOptions) {
    this.#options = options;
  }

  /**
   * Decides whether to write a line. Returns the number of equal lines left out since the last one, or undefined when
   * the line is to be left out.
   */
  admit(line: string): { readonly heldBack: number } | undefined {
    const { now, quietMs, maxLines } = this.#options;
    const atMs = now();
    const before = this.#said.get(line);
    if (before !== undefined && atMs - before.atMs < quietMs) {
      before.heldBack += 1;
      return undefined;
    }
    this.#said.delete(line);
    this.#said.set(line, { atMs, heldBack: 0 });
    const [oldest] = this.#said.keys();
    if (this.#said.size > maxLines && oldest !== undefined) this.#said.delete(oldest);
    return { heldBack: before?.heldBack ?? 0 };
  }
}

/** Wraps a logger. */
export const withoutRepeats = (logger: Logger, options: RepeatFilterOptions): Logger => filtered(logger, new Lines(options), {});

function filtered(logger: Logger, lines: Lines, common: LogFields): Logger {
  const write = (level: 'warn' | 'error', message: string, fields: LogFields | undefined): void => {
    const admitted = lines.admit(JSON.stringify([level, message, common, fields], render));
    if (admitted === undefined) return;
    logger[level](message, admitted.heldBack === 0 ? fields : { ...fields, timesSinceLastSaid: admitted.heldBack + 1 });
  };
  return {
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    with: (fields) => filtered(logger.with(fields), lines, { ...common, ...fields }),
  };
}
