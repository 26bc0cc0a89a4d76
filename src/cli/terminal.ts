/** What a command reads and writes; injected so that verbs are tested without a process. */
import { writeSync } from 'node:fs';
import { userInfo } from 'node:os';
import { isatty } from 'node:tty';
import { createColors } from 'picocolors';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  out(text: string): void;
  err(text: string): void;
  /** Whether people read the output: progress and colours only then. */
  readonly interactive: boolean;
}

/** What begins an error message: kubectl's are other than minik's. */
export type ErrorPrefix = 'minik' | 'error';

/** The text of the system within an error of Node, such as `ENOSPC: no space left on device, write`. */
const systemText = ({ message }: Error): string => /^[A-Z0-9]+: (.*), \w+$/.exec(message)?.[1] ?? message;

const watched = new WeakSet<NodeJS.WriteStream>();

/**
 * A stream of the process that ends the program when it cannot be written. A reader that has gone (`… | head`) ends it
 * as it ends others: without a word, with the code of SIGPIPE. Anything else, such as a full disk, is told on standard
 * error in Go's words, with exit code 1.
 */
export function outputOf(stream: NodeJS.WriteStream, prefix: ErrorPrefix): NodeJS.WriteStream {
  if (watched.has(stream)) return stream;
  watched.add(stream);
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(141);
    try {
      writeSync(2, `${prefix}: write /dev/${stream === process.stderr ? 'stderr' : 'stdout'}: ${systemText(error)}\n`);
    } finally {
      process.exit(1); // also when standard error cannot be written: then nobody can be told
    }
  });
  return stream;
}

/** Without HOME, as the system knows it. */
function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch {
    return '/'; // a user that the system does not know, as in containers
  }
}

/** The process' own streams. */
export function processTerminal(prefix: ErrorPrefix): Terminal {
  return {
    env: process.env,
    home: process.env.HOME || homeOfUser(),
    out: (text) => void outputOf(process.stdout, prefix).write(text),
    err: (text) => void outputOf(process.stderr, prefix).write(text),
    // Not process.stderr.isTTY, which makes a stream that a quiet command never needs.
    interactive: isatty(2),
  };
}

/** Colours where people read them, unless NO_COLOR says that they do not want them; see https://no-color.org. */
export const coloursOf = ({ interactive, env }: Terminal): ReturnType<typeof createColors> => createColors(interactive && !env.NO_COLOR);

/** Progress lines on standard error: a line per finished step with the time it took. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  #step: { readonly text: string; readonly sinceMs: number } | undefined;

  constructor(terminal: Terminal, quiet: boolean) {
    this.#terminal = terminal;
    this.#quiet = quiet;
  }

  /** Ends the step before and begins the next. */
  step(text: string): void {
    this.done();
    this.#step = { text, sinceMs: Date.now() };
    if (this.#terminal.interactive && !this.#quiet) this.#terminal.err(`  ${coloursOf(this.#terminal).dim(`${text} …`)}`);
  }

  done(): void {
    const step = this.#step;
    if (step === undefined) return;
    this.#step = undefined;
    if (this.#quiet) return;
    const { green, dim } = coloursOf(this.#terminal);
    const clear = this.#terminal.interactive ? '\r\x1b[2K' : '';
    this.#terminal.err(`${clear}${green('✓')} ${step.text} ${dim(`(${((Date.now() - step.sinceMs) / 1000).toFixed(2)} s)`)}\n`);
  }

  /** Leaves the current step unfinished, before an error is printed. */
  abandon(): void {
    if (this.#step !== undefined && this.#terminal.interactive && !this.#quiet) this.#terminal.err('\r\x1b[2K');
    this.#step = undefined;
  }
}
