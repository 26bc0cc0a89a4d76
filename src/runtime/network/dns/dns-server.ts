/** The DNS server's sockets: UDP and TCP on one address. */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { contain } from '../../../client/error-boundary.ts';
import { numericLookup } from '../proxy/udp-listener.ts';
import type { DnsResolver } from './dns-resolver.ts';

const maxTcpConnections = 256;
const tcpIdleMs = 10_000;
/**
 * The receive buffer absorbs bursts. Datagrams beyond it are lost, and their clients wait seconds before they retry.
 */
const receiveBufferBytes = 1 << 20;

export interface DnsServerOptions {
  readonly resolver: DnsResolver;
  readonly address: string;
  /** 53; with 0 the system chooses the port (tests), which is the same for both protocols when possible. */
  readonly port: number;
  onError(error: Error): void;
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** Both sockets, open. */
export interface DnsServer {
  readonly port: number;
  close(): void;
}

/** Opens both sockets. If one fails, rejects with the system's error and leaves none open. */
export async function openDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const tcp = await listenTcp(options);
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  try {
    const udp = await listenUdp(options, port);
    return {
      port,
      close: () => {
        tcp.close();
        udp.close();
      },
    };
  } catch (error) {
    tcp.close();
    throw error;
  }
}

function listenUdp({ resolver, address, onError }: DnsServerOptions, port: number): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', lookup: numericLookup });
    socket.once('error', reject);
    contain(socket, (error) => onError(asError(error)));
    socket.on('message', (message, client) => {
      const answer = resolver.answer(message, 'udp');
      if (answer === undefined) return;
      if (answer instanceof Promise) {
        answer.then((late) => late !== undefined && socket.send(late, client.port, client.address)).catch(onError);
      } else {
        socket.send(answer, client.port, client.address);
      }
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject);
      socket.on('error', onError);
      socket.setRecvBufferSize(receiveBufferBytes);
      resolve(socket);
    });
  });
}

function listenTcp({ resolver, address, port, onError }: DnsServerOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true }, (socket) => serveTcp(resolver, socket, onError));
    server.maxConnections = maxTcpConnections;
    server.once('error', reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', onError);
      resolve(server);
    });
  });
}

/** Answers the questions of one connection in order, one at a time. Each is preceded by its length. */
function serveTcp(resolver: DnsResolver, socket: Socket, onError: (error: Error) => void): void {
  let received: Buffer = Buffer.alloc(0);
  let busy = false;
  const next = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0) && !socket.destroyed) {
      const end = 2 + received.readUInt16BE(0);
      const answer = await resolver.answer(Buffer.from(received.subarray(2, end)), 'tcp');
      received = received.subarray(end);
      if (answer === undefined) {
        socket.destroy();
        break;
      }
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(answer.length, 0);
      socket.write(Buffer.concat([prefix, answer]));
    }
    busy = false;
    socket.resume();
  };
  contain(socket, (error) => {
    onError(asError(error));
    socket.destroy();
  });
  socket.setTimeout(tcpIdleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    // Buffers about one question; a client that sends more is paused.
    if (received.length > 65_537) socket.pause();
    next().catch(onError);
  });
}
