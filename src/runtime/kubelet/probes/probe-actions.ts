/**
 * One attempt of each kind of probe. Resolves with success or with the text that upstream puts into the Unhealthy
 * event; never rejects. Source: pkg/probe/{exec,http,tcp,grpc}/*.go; pkg/kubelet/prober/prober.go.
 */

import net from 'node:net';
import { errorText } from '../../../api/error-text.ts';
import type { Container, Probe } from '../../../api/generated/core/v1.ts';
import { dialError, hostPort } from '../../../api/go-dial-error.ts';
import { RuntimeError, type Streams } from '../../container/container-runtime.ts';
import { resolvePort } from '../containers/lifecycle-hooks.ts';
import { collectOutput } from './command-output.ts';
import { grpcProbe } from './grpc-probe.ts';
import { type ConnectToPod, connectToPod } from './http-get-request.ts';
import { httpProbe } from './http-probe.ts';
import { failure, type ProbeOutcome, success } from './probe-outcome.ts';

export interface ProbeAttempt {
  readonly kind: 'startup' | 'readiness' | 'liveness';
  readonly probe: Probe;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly streams: Streams;
  /** Aborts when the container ends; the attempt's outcome is then ignored. */
  readonly signal: AbortSignal;
}

const maxOutputBytes = 10 * 1024;

/** Runs the probe's handler once, within its timeout. */
export async function attemptProbe(attempt: ProbeAttempt): Promise<ProbeOutcome> {
  const { probe } = attempt;
  const timeoutMs = probe.timeoutSeconds * 1000;
  const connect = connectToPod(attempt.streams, attempt.containerId);
  try {
    const decided = attempt.streams.health?.(attempt.containerId, attempt.kind);
    if (decided !== undefined) return decided ? success : failure(simulatedFailure(attempt));
    if (probe.exec !== undefined) return await execProbe(attempt, probe.exec.command ?? [], timeoutMs);
    if (probe.httpGet !== undefined) {
      const port = resolvePort(probe.httpGet.port, attempt.container);
      return await httpProbe(probe.httpGet, { port, podIp: attempt.podIp, timeoutMs, connect });
    }
    if (probe.tcpSocket !== undefined) {
      const port = resolvePort(probe.tcpSocket.port, attempt.container);
      const host = probe.tcpSocket.host || attempt.podIp;
      return connect === undefined ? await tcpProbe(host, port, timeoutMs) : await connectionProbe(host, port, connect);
    }
    if (probe.grpc !== undefined) {
      const { port, service } = probe.grpc;
      return await grpcProbe({ host: attempt.podIp, port, service: service ?? '', timeoutMs, connect });
    }
    return failure('missing probe handler');
  } catch (error) {
    const output = errorText(error);
    return error instanceof RuntimeError ? { success: 'unknown', output } : failure(output);
  }
}

/** What upstream says of a program that is not well, by the kind of action. */
function simulatedFailure({ probe: { httpGet, tcpSocket, grpc }, container, podIp }: ProbeAttempt): string {
  if (httpGet !== undefined) return 'HTTP probe failed with statuscode: 503';
  if (grpc !== undefined) return 'service unhealthy (responded with "NOT_SERVING")';
  if (tcpSocket !== undefined)
    return `dial tcp ${hostPort(tcpSocket.host || podIp, resolvePort(tcpSocket.port, container))}: connect: connection refused`;
  return 'the simulated container is not well';
}

async function execProbe(attempt: ProbeAttempt, command: readonly string[], timeoutMs: number): Promise<ProbeOutcome> {
  const output = collectOutput(maxOutputBytes);
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([timeout, attempt.signal]);
  const expired = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  const run = attempt.streams.exec(attempt.containerId, {
    command,
    tty: false,
    stdout: output.stdout,
    stderr: output.stderr,
    signal,
    endsOnAbort: true,
  });
  const code = await Promise.race([run, expired]);
  if (code === undefined) {
    run.catch(() => undefined); // the outcome of a command that timed out is ignored
    return failure(`command timed out: ${JSON.stringify(command.join(' '))} timed out after ${attempt.probe.timeoutSeconds}s`);
  }
  return code === 0 ? success : failure(output.text());
}

async function connectionProbe(host: string, port: number, connect: ConnectToPod): Promise<ProbeOutcome> {
  try {
    (await connect(port)).destroy();
    return success;
  } catch (error) {
    return failure(error instanceof Error ? dialError(error, hostPort(host, port)) : errorText(error));
  }
}

function tcpProbe(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
  const address = hostPort(host, port);
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    socket.setTimeout(timeoutMs, () => {
      resolve(failure(`dial tcp ${address}: i/o timeout`));
      socket.destroy();
    });
    socket.on('connect', () => {
      resolve(success);
      socket.destroy();
    });
    socket.on('error', (error) => resolve(failure(dialError(error, address))));
  });
}
