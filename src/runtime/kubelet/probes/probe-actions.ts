/**
 * One attempt of each kind of probe. Resolves with success or with the text that upstream puts into the Unhealthy event; never rejects.
 * Source: pkg/probe/{exec,http,tcp,grpc}/*.go; pkg/kubelet/prober/prober.go.
 */
import http2 from 'node:http2';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import type { Container, Probe } from '../../../api/generated/core/v1.ts';
import { RuntimeError, type Streams } from '../../container/container-runtime.ts';
import { resolvePort } from '../lifecycle-hooks.ts';
import { dialError, hostPort } from './dial-error.ts';
import { httpProbe } from './http-probe.ts';
import { failure, type ProbeOutcome, success } from './probe-outcome.ts';

export interface ProbeAttempt {
  readonly probe: Probe;
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly streams: Streams;
  /** Aborts when the container ends; the attempt then counts for nothing. */
  readonly signal: AbortSignal;
}

const maxOutputBytes = 10 * 1024;

/** Runs the probe's handler once, within its timeout. */
export async function attemptProbe(attempt: ProbeAttempt): Promise<ProbeOutcome> {
  const { probe } = attempt;
  const timeoutMs = probe.timeoutSeconds * 1000;
  try {
    if (probe.exec !== undefined) return await execProbe(attempt, probe.exec.command ?? [], timeoutMs);
    if (probe.httpGet !== undefined) {
      return await httpProbe(probe.httpGet, { port: resolvePort(probe.httpGet.port, attempt.container), podIp: attempt.podIp, timeoutMs });
    }
    if (probe.tcpSocket !== undefined) {
      return await tcpProbe(probe.tcpSocket.host ?? attempt.podIp, resolvePort(probe.tcpSocket.port, attempt.container), timeoutMs);
    }
    if (probe.grpc !== undefined) return await grpcProbe(attempt.podIp, probe.grpc.port, probe.grpc.service ?? '', timeoutMs);
    return failure('missing probe handler');
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    return error instanceof RuntimeError ? { success: 'unknown', output } : failure(output);
  }
}

async function execProbe(attempt: ProbeAttempt, command: readonly string[], timeoutMs: number): Promise<ProbeOutcome> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  let bytes = 0;
  output.on('data', (chunk: Buffer) => {
    if (bytes < maxOutputBytes) chunks.push(chunk);
    bytes += chunk.length;
  });
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([timeout, attempt.signal]);
  const expired = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  const run = attempt.streams.exec(attempt.containerId, { command, tty: false, stdout: output, stderr: output, signal });
  const code = await Promise.race([run, expired]);
  if (code === undefined) {
    run.catch(() => undefined); // the abandoned command's own end is of no interest
    return failure(`command timed out: ${JSON.stringify(command.join(' '))} timed out after ${attempt.probe.timeoutSeconds}s`);
  }
  const text = Buffer.concat(chunks).subarray(0, maxOutputBytes).toString('utf8');
  return code === 0 ? success : failure(text);
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

const servingStatus = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/** A grpc.health.v1.HealthCheckRequest in a gRPC frame: field 1 is the service's name. */
function healthRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

function grpcProbe(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeOutcome> {
  const address = hostPort(host, port);
  return new Promise((resolve) => {
    const session = http2.connect(`http://${address}`);
    const finish = (outcome: ProbeOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
      session.destroy();
    };
    const timer = setTimeout(
      () =>
        finish(
          failure(`timeout: failed to connect service ${JSON.stringify(address)} within ${timeoutMs / 1000}s: context deadline exceeded`),
        ),
      timeoutMs,
    );
    session.on('error', (error) => finish(failure(`error: failed to connect to ${JSON.stringify(address)}: ${dialError(error, address)}`)));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let grpcStatus = '';
    const readStatus = (headers: Readonly<Record<string, unknown>>): void => {
      if (typeof headers['grpc-status'] === 'string') grpcStatus = headers['grpc-status'];
    };
    stream.on('response', readStatus);
    stream.on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) => finish(failure(`error: health rpc failed: ${error.message}`)));
    stream.on('end', () => {
      if (grpcStatus === '12')
        return finish(failure('error: this server does not implement the grpc health protocol (grpc.health.v1.Health)'));
      if (grpcStatus !== '0') return finish(failure(`error: health rpc failed: rpc error: code = ${grpcStatus}`));
      const body = Buffer.concat(chunks);
      const status = body.length >= 7 && body[5] === 0x08 ? (body[6] ?? 0) : 0;
      finish(
        status === 1 ? success : failure(`service unhealthy (responded with ${JSON.stringify(servingStatus[status] ?? String(status))})`),
      );
    });
    stream.end(healthRequest(service));
  });
}
