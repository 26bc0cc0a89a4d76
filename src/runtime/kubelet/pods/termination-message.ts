/** Reads the termination message that a container left. */
import { open } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { isErrno } from '../../../api/errno.ts';
import type { Container } from '../../container/container-runtime.ts';
import { terminationLogAnnotation } from '../containers/container-config.ts';
import type { PodState } from './pod-state.ts';

const maxMessageBytes = 4096;
const maxLogMessageBytes = 2048;
const maxLogMessageLines = 80;

/** Source: pkg/kubelet/kuberuntime/kuberuntime_container.go (getTerminationMessage). */
export async function terminationMessage(state: PodState, container: Container): Promise<string> {
  const path = container.annotations[terminationLogAnnotation];
  const spec = state.spec(container.name);
  if (path === undefined || spec === undefined || spec.terminationMessagePath === '') return '';
  const told = container.terminationMessage;
  const message =
    told === undefined ? await tailOfFile(path, maxMessageBytes) : Buffer.from(told).subarray(-maxMessageBytes).toString('utf8');
  if (message !== '' || spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || container.exitCode === 0) return message;
  return tailOfLog(state, container.id);
}

async function tailOfFile(path: string, maxBytes: number): Promise<string> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, maxBytes);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return '';
    throw error;
  }
}

async function tailOfLog(state: PodState, id: string): Promise<string> {
  const sink = new PassThrough();
  const chunks: Buffer[] = [];
  sink.on('data', (chunk: Buffer) => chunks.push(chunk));
  await state.deps.runtime.streams.logs(
    id,
    { follow: false, tailLines: maxLogMessageLines, timestamps: false, signal: state.deps.closing },
    sink,
  );
  return Buffer.concat(chunks).subarray(-maxLogMessageBytes).toString('utf8');
}
