/** Structured logs: a constant message plus fields, one JSON line each. */

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to every line. */
  with(fields: LogFields): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const severity: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface JsonLoggerOptions {
  /** Where lines go: any writable stream. */
  readonly stream: { write(line: string): unknown };
  readonly now: () => number;
  /** Lines below this level are dropped; default `info`. */
  readonly level?: LogLevel;
  readonly fields?: LogFields;
  /** Rewrites an error's stack so that it is readable (source positions). */
  readonly stackOf?: (stack: string) => string;
}

/** JSON.stringify would write an error as {}. */
const renderField =
  (stackOf: (stack: string) => string) =>
  (_key: string, value: unknown): unknown => {
    if (typeof value === 'bigint') return value.toString();
    if (!(value instanceof Error)) return value;
    const { name, message, stack = '', cause } = value;
    return { name, message, stack: stackOf(stack), ...(cause === undefined ? {} : { cause }) };
  };

/** A logger that writes one JSON object a line: time, level, message, then the fields. */
export function createJsonLogger(options: JsonLoggerOptions): Logger {
  const threshold = severity[options.level ?? 'info'];
  const render = renderField(options.stackOf ?? ((stack) => stack));
  const write = (level: LogLevel, msg: string, fields: LogFields | undefined): void => {
    if (severity[level] < threshold) return;
    const line = { time: new Date(options.now()).toISOString(), level, msg, ...options.fields, ...fields };
    options.stream.write(`${JSON.stringify(line, render)}\n`);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
    with: (fields) => createJsonLogger({ ...options, fields: { ...options.fields, ...fields } }),
  };
}

const drop = (): void => undefined;

/** A logger that drops everything. */
export const silentLogger: Logger = Object.freeze({ debug: drop, info: drop, warn: drop, error: drop, with: (): Logger => silentLogger });
