import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { it } from 'node:test';
import { aBackend, aPort, aService, freePort, listen, startPlane } from '../testing.ts';
import { resetSocket } from './reset-socket.ts';

it('closes a socket that is being shut down when it is to be reset', async (t) => {
  const server = createServer({ allowHalfOpen: true });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const accepted = once(server, 'connection');
  const socket = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  const peer: Socket = (await accepted)[0];
  peer.on('error', () => undefined);
  t.after(() => peer.destroy());
  const errors: Error[] = [];
  socket.on('error', (error) => errors.push(error));
  socket.end();
  resetSocket(socket);
  await once(socket, 'close');
  assert.deepEqual(errors, []);
  peer.resume();
  await once(peer, 'end');
});

it('delivers a whole upload to a backend that has already said all', async (t) => {
  const { apply } = await startPlane(t);
  const size = 8 << 20;
  const received = Promise.withResolvers<number>();
  const port = await listen(t, (socket) => {
    // Sends everything at once, and reads only after the client has received that.
    socket.end('done');
    socket.pause();
    socket.once('finish', () => {
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      socket.on('end', () => received.resolve(bytes));
      setImmediate(() => socket.resume());
    });
  });
  const clusterIp = '127.96.0.40';
  const servicePort = await freePort();
  await apply([aService({ clusterIp, ports: [aPort({ port: servicePort, backends: [aBackend('127.0.0.1', port)] })] })]);
  const client = connect({ host: clusterIp, port: servicePort, allowHalfOpen: true });
  t.after(() => client.destroy());
  client.resume();
  client.end(Buffer.alloc(size));
  await once(client, 'end');
  assert.equal(await received.promise, size);
});
