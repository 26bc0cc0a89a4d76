/** One listening TCP socket of the proxy. */
import { createServer, type Server, type Socket } from 'node:net';
import type { L4Listener, ListenerContext, OpenListener, RouteOf } from './listener.ts';
import { resetSocket } from './reset-socket.ts';
import { admits } from './route.ts';
import { relayTcp } from './tcp-relay.ts';

const backlog = 1024;
/**
 * High-water mark of accepted sockets: how many bytes may wait to be written before reading from the other side pauses.
 */
const highWaterMark = 65_536;

/** Opens a listener. Connections survive its close, as they survive a change of kube-proxy's rules. */
export const openTcpListener: OpenListener = (context, endpoint, routeOf) =>
  new Promise<L4Listener>((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, highWaterMark }, (client) => {
      try {
        accept(context, client, routeOf);
      } catch (error) {
        context.log('error', 'A connection was reset: it could not be relayed', { error: String(error), port: endpoint.port });
        client.on('error', () => undefined);
        resetSocket(client);
      }
    });
    server.once('error', reject);
    server.listen({ host: endpoint.address, port: endpoint.port, backlog, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', (error) => context.log('warn', 'Accepting a connection failed', { error: error.message, port: endpoint.port }));
      resolve(listenerOf(server));
    });
  });

function listenerOf(server: Server): L4Listener {
  return { close: () => void server.close(), backendsChanged: () => undefined };
}

function accept(context: ListenerContext, client: Socket, routeOf: RouteOf): void {
  const route = routeOf(client);
  const clientIp = route?.anonymous === true ? '' : client.remoteAddress;
  if (clientIp === undefined || route === undefined || !admits(route, clientIp)) {
    client.on('error', () => undefined);
    resetSocket(client);
    return;
  }
  const node = route.node(clientIp, client);
  const { balancer, affinitySeconds, local } = route;
  relayTcp(context, client, (tried) =>
    balancer.pick({ clientIp, nowMs: context.clock.now(), affinitySeconds, node, local, ...(tried === undefined ? {} : { tried }) }),
  );
}
