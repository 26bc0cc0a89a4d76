import { spawn } from 'node:child_process';

/**
 * Runs a program and returns its standard output; throws with the end of its output when it fails. `env` is added to
 * ours.
 */
export async function captureBytes(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): Promise<Buffer> {
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const stdout = Buffer.concat(out);
  if (code === 0) return stdout;
  const tail = `${Buffer.concat(err).toString()}${stdout.subarray(-4000).toString()}`.trim().split('\n').slice(-20).join('\n');
  throw new Error(`${program} ${args.slice(0, 4).join(' ')} … failed (${code ?? 'killed'}):\n${tail}`);
}

/** {@link captureBytes} as text. */
export async function capture(...args: Parameters<typeof captureBytes>): Promise<string> {
  return (await captureBytes(...args)).toString();
}
