import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openOwnerChannel, watchOwner } from './channel.ts';
import type { RunMark } from './mark.ts';

const mark = (profile: string): RunMark => ({ profile, pid: process.pid, processStart: 'test' });

describe('the channel between a run and its server', { skip: process.platform !== 'linux' && 'only Linux has abstract sockets' }, () => {
  it('tells the server that it is dismissed, and the run when the server has ended', async () => {
    const channel = await openOwnerChannel(mark('dismissed'));
    const gone = Promise.withResolvers<void>();
    assert.equal(await watchOwner(mark('dismissed'), gone.resolve), true);
    // This process does not end: the limit does.
    await Promise.all([channel.dismiss(50), gone.promise]);
    channel.close();
  });

  it('tells a server that it is dismissed which was not there yet when it was', async () => {
    const channel = await openOwnerChannel(mark('early'));
    await channel.dismiss(50);
    const gone = Promise.withResolvers<void>();
    assert.equal(await watchOwner(mark('early'), gone.resolve), true);
    await gone.promise;
    channel.close();
  });

  it('tells the server that the run is gone', async () => {
    const channel = await openOwnerChannel(mark('gone'));
    const gone = Promise.withResolvers<void>();
    await watchOwner(mark('gone'), gone.resolve);
    channel.close();
    await gone.promise;
  });

  it('knows when there is no run', async () => {
    assert.equal(await watchOwner(mark('never'), () => assert.fail('there was none')), false);
  });
});
