/** What a command reads and writes; injected so that verbs are tested without a process. */
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

/** A reader that has gone (`… | head`) ends the program as it ends others: without a word, with the code of SIGPIPE. */
function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(141);
  });
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
export function processTerminal(): Terminal {
  const watched = new Set<NodeJS.WriteStream>();
  const write = (stream: NodeJS.WriteStream, text: string): void => {
    if (!watched.has(stream)) endWithReader(stream);
    watched.add(stream);
    stream.write(text);
  };
  return {
    env: process.env,
    home: process.env.HOME || homeOfUser(),
    out: (text) => write(process.stdout, text),
    err: (text) => write(process.stderr, text),
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
