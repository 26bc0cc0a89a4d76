/**
 * Forwards local ports to ports of a pod. Source: client-go tools/portforward/portforward.go. Differs: each local
 * connection travels in a WebSocket of its own (channel protocol) instead of all in one SPDY connection.
 */
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { errorText } from '../../../../api/error-text.ts';
import { channelMessages } from '../../../../client/web-socket/channel-messages.ts';
import type { Session } from '../../command/session.ts';
import { closeText, openWebSocket } from '../../streams/stream-client.ts';

export interface ForwardedPort {
  readonly local: number;
  readonly remote: number;
}

export interface ListenAddress {
  readonly host: string;
  /** Whether failing to listen is tolerated: for `localhost` either of its two addresses suffices. */
  readonly optional: boolean;
}

/** Only minik's server offers v5 for port-forward. It transmits a client's half-close, as upstream's SPDY does. */
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const hostPort = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

export class Forwarder {
  readonly #session: Session;
  readonly #path: string;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  constructor(session: Session, path: string) {
    this.#session = session;
    this.#path = path;
  }

  /** Listens for one port; false when that failed, after printing the error. */
  async listen(port: ForwardedPort, addresses: readonly ListenAddress[]): Promise<boolean> {
    let { local } = port;
    const failures: string[] = [];
    let [optionalFailures, optionalSuccesses, requiredFailures] = [0, 0, 0];
    for (const { host, optional } of addresses) {
      try {
        local = await this.#listenOn(host, { local, remote: port.remote });
        if (optional) optionalSuccesses += 1;
      } catch (error) {
        const why =
          error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
            ? 'bind: address already in use'
            : error instanceof Error
              ? error.message
              : String(error);
        failures.push(`unable to create listener: Error listen tcp${isIPv6(host) ? '6' : '4'} ${hostPort(host, local)}: ${why}`);
        if (optional) optionalFailures += 1;
        else requiredFailures += 1;
      }
    }
    if (requiredFailures === 0 && (optionalFailures === 0 || optionalSuccesses > 0)) return true;
    this.#session.err(
      `Unable to listen on port ${port.local}: Listeners failed to create with the following errors: [${failures.join(' ')}]\n`,
    );
    return false;
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #listenOn(host: string, port: ForwardedPort): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      this.#session.out(`Handling connection for ${local}\n`);
      this.#forward(socket, { local, remote: port.remote }).catch((error: unknown) => {
        this.#failed({ local, remote: port.remote }, errorText(error));
        socket.destroy();
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: port.local, ipv6Only: isIPv6(host) }, resolve);
    });
    this.#servers.push(server);
    const address = server.address();
    const local = typeof address === 'object' && address !== null ? address.port : port.local;
    this.#session.out(`Forwarding from ${hostPort(host, local)} -> ${port.remote}\n`);
    return local;
  }

  #failed({ local, remote }: ForwardedPort, why: string): void {
    this.#session.err(`an error occurred forwarding ${local} -> ${remote}: ${why}\n`);
  }

  /** Forwards one local connection to the pod. */
  async #forward(socket: Socket, port: ForwardedPort): Promise<void> {
    socket.pause();
    const tunnel = await openWebSocket(this.#session, `${this.#path}?ports=${port.remote}`, protocols);
    const messages = new Map<number, number>();
    tunnel.read(
      channelMessages((channel, payload, isNew) => {
        // The first message of each channel only repeats the port number.
        if (isNew) messages.set(channel, (messages.get(channel) ?? 0) + 1);
        if (messages.get(channel) === 1) return;
        if (channel === 1) return this.#failed(port, payload.toString('utf8'));
        if (payload.length > 0 && !socket.destroyed && !socket.write(payload) && !tunnel.isPaused) {
          tunnel.pause();
          socket.once('drain', () => tunnel.resume());
        }
      }),
    );
    tunnel.once('close', (code) => {
      if (code === 1000 || socket.destroyed) return void socket.end();
      // The local connection is reset, so that the local program does not take the data so far for complete.
      this.#failed(port, closeText(code));
      socket.resetAndDestroy();
    });
    socket.once('close', () => tunnel.close());
    socket.on('data', (chunk) => {
      socket.pause();
      tunnel.send([Buffer.of(0), chunk], { sent: () => socket.resume() });
    });
    socket.once('end', () => {
      if (tunnel.protocol === 'v5.channel.k8s.io') tunnel.send([Buffer.of(255, 0)]);
    });
    socket.resume();
  }
}
