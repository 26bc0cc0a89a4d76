import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { contain, containConnection, containStream, failConnection } from './error-boundary.ts';

const bug = new Error('bug');
const broken = (): void => {
  throw bug;
};

describe('an error boundary', () => {
  it('takes what a listener throws, whoever registered it, and when', () => {
    const emitter = new EventEmitter();
    emitter.on('before', broken);
    const escaped: unknown[] = [];
    contain(emitter, (error, [event, ...args]) => escaped.push(error, event, ...args));
    emitter.once('after', broken);
    assert.equal(emitter.emit('before', 1), true);
    assert.equal(emitter.emit('after', 2), true);
    assert.equal(emitter.emit('nothing'), false);
    assert.deepEqual(escaped, [bug, 'before', 1, bug, 'after', 2]);
  });

  it('takes an error event that nobody listens to', () => {
    const emitter = new EventEmitter();
    const escaped: unknown[] = [];
    contain(emitter, (error) => escaped.push(error));
    emitter.emit('error', bug);
    assert.deepEqual(escaped, [bug]);
  });

  it('ends the connection of a stream, whose events come from the event loop', async () => {
    const socket = new PassThrough();
    const stream = new PassThrough();
    const { promise: reported, resolve } = Promise.withResolvers<unknown>();
    containConnection(socket, resolve);
    containStream(stream, socket);
    stream.on('end', broken).resume();
    stream.end('x');
    assert.equal(await reported, bug);
    assert.equal(socket.destroyed, true);
  });

  it('keeps no error from those who are not within it', () => {
    assert.throws(() => failConnection(new EventEmitter(), bug), bug);
  });
});
