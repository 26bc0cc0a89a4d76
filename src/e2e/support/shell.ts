/** Running programs as a person at a shell does, and reading what they print. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: string;
  readonly cwd?: string;
  /** Default 120 000. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end. Rejects only when it cannot be started or does not end in time. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    stdio: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined); // a program may end without reading its input
  child.stdin.end(options.stdin ?? '');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command.join(' ')} did not end in time; so far:\n${Buffer.concat(out)}${Buffer.concat(err)}`));
    }, options.timeoutMs ?? 120_000);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') });
    });
  });
}

/** Runs a program that must succeed; resolves with its standard output. */
export async function ok(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const outcome = await run(command, options);
  if (outcome.code !== 0) throw new Error(`${command.join(' ')} ended with ${outcome.code}:\n${outcome.stdout}${outcome.stderr}`);
  return outcome.stdout;
}

export interface Background {
  readonly child: ChildProcess;
  /** Everything printed so far, both streams. */
  output(): string;
  /** Ends it; resolves when it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a program that goes on (port-forward, logs -f). Stop it before the test ends. */
export function background(command: readonly string[], options: Pick<RunOptions, 'env'> = {}): Background {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    child,
    output: () => text,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await closed;
    },
  };
}

/**
 * Asks again until the check passes; end-to-end only, where the outside world sets the pace. Rejects with the last
 * failure after `timeoutMs` (default 60 000).
 */
export async function eventually<T>(check: () => Promise<T> | T, timeoutMs = 60_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await delay(100);
  }
}
