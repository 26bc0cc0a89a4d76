import { connect, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { RuntimeError, type Sandbox } from '../container-runtime.ts';
import { writeChunk } from '../write-chunk.ts';
import { demultiplex } from './demultiplex.ts';
import type { DockerApi } from './docker-api.ts';
import { PAUSE_PATH } from './pause-image.ts';

/**
 * A pod on this host accepts or refuses a connection within this time; if it takes longer, the host cannot reach the
 * pod's network.
 */
const CONNECT_TIMEOUT_MS = 1000;
/** The byte that the relay writes once it is connected. */
const ACK = 6;

/**
 * Connects to a port of a pod. If the host can reach the pod, it connects to the pod's address (the host's loopback
 * with host network). Otherwise the relay in the pause program connects from inside the pod's network; it also reaches
 * servers that listen only on the pod's loopback.
 */
export async function dialPod(api: DockerApi, sandbox: Sandbox, port: number): Promise<Duplex> {
  if (sandbox.state !== 'ready') throw new RuntimeError('Other', `sandbox ${sandbox.id} is not running`);
  const direct = await dialHost(sandbox.ip === '' ? '127.0.0.1' : sandbox.ip, port);
  return direct ?? dialRelay(api, sandbox.id, port);
}

function dialHost(host: string, port: number): Promise<Socket | undefined> {
  const { promise, resolve } = Promise.withResolvers<Socket | undefined>();
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true, timeout: CONNECT_TIMEOUT_MS });
  const fail = (): void => {
    socket.destroy();
    resolve(undefined);
  };
  socket.once('timeout', fail);
  socket.once('error', fail);
  socket.once('connect', () => {
    socket.setTimeout(0);
    socket.off('timeout', fail);
    // The reader of the socket handles its errors. The socket may also fail while it has no reader, and that must not
    // crash the process.
    socket.on('error', () => socket.destroy());
    socket.off('error', fail);
    resolve(socket);
  });
  return promise;
}

async function dialRelay(api: DockerApi, sandboxId: string, port: number): Promise<Duplex> {
  const { Id } = await api.json<{ Id: string }>({
    method: 'POST',
    path: `/containers/${sandboxId}/exec`,
    body: { Cmd: [PAUSE_PATH, 'relay', String(port)], AttachStdin: true, AttachStdout: true, AttachStderr: true },
  });
  const socket = await api.hijack({ method: 'POST', path: `/exec/${Id}/start`, body: { Detach: false, Tty: false } });
  const [near, far] = duplexPair();
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  let connected = false;
  let complaint = '';
  const carry = demultiplex(socket, (stream, chunk) => {
    if (connected) return stream === 'stdout' ? writeChunk(far, chunk) : true;
    if (stream === 'stderr' || chunk[0] !== ACK) {
      complaint += Buffer.from(chunk).toString();
      return true;
    }
    connected = true;
    far.pipe(socket);
    resolve(near);
    return chunk.length > 1 ? writeChunk(far, chunk.subarray(1)) : true;
  });
  carry
    .catch((error: Error) => near.destroy(error))
    .finally(() => {
      far.end();
      socket.destroy();
      const reason = complaint.trim() || `dial tcp4 127.0.0.1:${port}: connect: connection refused`;
      if (!connected) reject(new RuntimeError('Other', reason));
    });
  socket.on('error', (error) => near.destroy(error));
  near.once('close', () => socket.destroy());
  return promise;
}
