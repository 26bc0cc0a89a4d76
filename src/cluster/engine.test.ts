import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../cli/cluster-port.ts';
import { RuntimeError } from '../runtime/container/container-runtime.ts';
import type { DockerAddress } from '../runtime/container/docker/docker-endpoint.ts';
import { findEngine } from './engine.ts';

/** Daemons by their address. */
const daemons: Readonly<Record<string, string>> = {
  'unix:///var/run/docker.sock': 'usual',
  'unix:///a.sock': 'a',
  'unix:///a-too.sock': 'a',
  'unix:///b.sock': 'b',
};

function search(env: Readonly<Record<string, string>>): {
  env: Readonly<Record<string, string>>;
  identify(a: DockerAddress): Promise<string>;
} {
  return {
    env: { HOME: '/nonexistent', ...env },
    identify: async ({ host }) => {
      const id = daemons[host];
      if (id === undefined) throw new RuntimeError('Unavailable', `connect ENOENT ${host}`);
      return id;
    },
  };
}

const onA = { profile: 'demo', engine: { host: 'unix:///a.sock', id: 'a' } };

const refused =
  (message: RegExp, hint: RegExp) =>
  (error: unknown): boolean =>
    error instanceof UserError && message.test(error.message) && error.hints.some((text) => hint.test(text));

describe('the engine of a cluster', () => {
  it('is the one that the docker command would use when the cluster is made', async () => {
    const none = { profile: 'demo' };
    assert.deepEqual(await findEngine(none, search({})), { host: 'unix:///var/run/docker.sock', id: 'usual' });
    assert.deepEqual(await findEngine(none, search({ DOCKER_HOST: 'unix:///b.sock' })), { host: 'unix:///b.sock', id: 'b' });
    await assert.rejects(findEngine(none, search({ DOCKER_HOST: 'unix:///no.sock' })), RuntimeError);
  });

  it('is used again, whatever the shell would lead to now', async () => {
    assert.deepEqual(await findEngine(onA, search({})), onA.engine);
    assert.deepEqual(await findEngine(onA, search({ DOCKER_HOST: '' })), onA.engine);
  });

  it('may be named by another address of the same daemon, which is used then', async () => {
    assert.deepEqual(await findEngine(onA, search({ DOCKER_HOST: 'unix:///a-too.sock' })), { host: 'unix:///a-too.sock', id: 'a' });
  });

  it('is not changed for another one that a variable names, or that does not answer', async () => {
    const hint = /containers are on unix:\/\/\/a.sock: unset DOCKER_HOST/;
    await assert.rejects(
      findEngine(onA, search({ DOCKER_HOST: 'unix:///b.sock' })),
      refused(/DOCKER_HOST names another Docker daemon \(unix:\/\/\/b.sock\) than profile "demo" is on/, hint),
    );
    await assert.rejects(
      findEngine(onA, search({ DOCKER_HOST: 'unix:///no.sock' })),
      refused(/no Docker daemon answers at unix:\/\/\/no.sock, which DOCKER_HOST names/, hint),
    );
  });

  it('is missed when another daemon answers at its address', async () => {
    const gone = { profile: 'demo', engine: { host: 'unix:///a.sock', id: 'former' } };
    for (const env of [{}, { DOCKER_HOST: 'unix:///a.sock' }])
      await assert.rejects(
        findEngine(gone, search(env)),
        refused(/is another one than profile "demo" was made with/, /delete --force -p demo/),
      );
  });
});
