/**
 * Checks whether a server that has a process also answers. A server that hangs, or was stopped by a signal, has a
 * process but does not answer.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:https';

export type ServerHealth =
  | { readonly answers: true; readonly healthy: boolean; readonly detail: string }
  | { readonly answers: false; readonly detail: string };

export interface HealthQuestion {
  /** e.g. `https://127.0.0.1:6443`. */
  readonly apiUrl: string;
  /** PEM; absent: the server's certificate is not checked. */
  readonly caPem: string | undefined;
  readonly pid: number;
  readonly limitMs: number;
}

/** How long `status` and `start` wait for an answer, in milliseconds. */
export const healthLimitMs = 3000;

/** Whether a signal has stopped the process (`T`), or a debugger (`t`). */
function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return /^[Tt] /.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false; // if the system does not provide the state, only the answer counts
  }
}

/** Requests `/livez`; resolves within the limit. */
export async function askHealth({ apiUrl, caPem, pid, limitMs }: HealthQuestion): Promise<ServerHealth> {
  if (isStopped(pid)) return { answers: false, detail: `process ${pid} was stopped by a signal; "kill -CONT ${pid}" continues it` };
  const trust = caPem === undefined ? { rejectUnauthorized: false } : { ca: caPem };
  const signal = AbortSignal.timeout(limitMs);
  return new Promise((resolve) => {
    const asked = request(`${apiUrl}/livez`, { ...trust, agent: false, signal }, (answer) => {
      answer.resume();
      const healthy = answer.statusCode === 200;
      resolve({ answers: true, healthy, detail: healthy ? '' : `/livez answers ${answer.statusCode ?? 0}` });
      asked.destroy();
    });
    asked.on('error', (error) => {
      resolve({ answers: false, detail: signal.aborted ? `no answer within ${limitMs / 1000} s` : error.message });
    });
    asked.end();
  });
}
