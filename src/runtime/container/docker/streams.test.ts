import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { collector } from '../runtime-test-support.ts';
import { createVirtualClock } from '../simulated/virtual-clock.ts';
import type { DockerApi } from './docker-api.ts';
import type { HostProcesses } from './end-exec.ts';
import { startFakeEngine, streamFrame } from './fake-engine.ts';
import { HelperContainers } from './helper-container.ts';
import { PauseImage } from './pause-image.ts';
import { DockerStreams } from './streams.ts';

const absent: HostProcesses = { controlGroups: async () => '', kill: () => assert.fail('killed') };

function streamsOn(api: DockerApi, processes = absent): DockerStreams {
  const helpers = new HelperContainers({ api, pause: new PauseImage(api), cluster: 'test' });
  return new DockerStreams({ api, clock: createVirtualClock(), helpers, processes });
}

describe('attach', () => {
  it('rejects when the container has ended, though the engine attaches and is silent', async (t) => {
    const { api } = await startFakeEngine(t, { answer: () => ({ State: { Running: false }, Config: { Tty: false } }) });
    const streams = streamsOn(api);
    await assert.rejects(streams.attach('c', { tty: false, stdout: collector().sink }), /container c is not running/);
  });

  it('looks only after the engine has taken hold of the streams', async (t) => {
    const { api, calls } = await startFakeEngine(t, {
      answer: () => ({ State: { Running: true }, Config: { Tty: false } }),
      hijack: (_call, socket) => socket.end(streamFrame('stdout', 'hello\n')),
    });
    const out = collector();
    await streamsOn(api).attach('c', { tty: false, stdout: out.sink });
    assert.deepEqual(calls, ['POST /containers/c/attach', 'GET /containers/c/json']);
    assert.equal(out.text(), 'hello\n');
  });

  it('reads the streams as the container has them, whatever terminal the client asks for', async (t) => {
    const { api } = await startFakeEngine(t, {
      answer: () => ({ State: { Running: true }, Config: { Tty: true } }),
      hijack: (_call, socket) => socket.end('a prompt$ '),
    });
    const out = collector();
    await streamsOn(api).attach('c', { tty: false, stdout: out.sink });
    assert.equal(out.text(), 'a prompt$ ');
  });
});

describe('an exec that must end with its signal', () => {
  const pid = 4711;
  const container = 'c0ffee';

  /**
   * Aborts once the command runs. Resolves with the commands of helpers and the processes that were killed directly.
   */
  async function abandon(t: TestContext, groups: string, allowed: boolean): Promise<{ helpers: string[]; killed: number[] }> {
    const abort = new AbortController();
    const helpers: string[] = [];
    const killed: number[] = [];
    const { api } = await startFakeEngine(t, {
      answer: (call) => {
        if (call === `POST /containers/${container}/exec`) return { Id: 'e' };
        if (call === 'GET /exec/e/json') return { Running: true, ExitCode: null, Pid: pid };
        if (call.startsWith('GET /images/')) return {};
        if (call.endsWith('/wait')) return { StatusCode: 0 };
        return { Id: 'helper' };
      },
      hijack: () => abort.abort(),
      body: (call, body) => {
        if (call === 'POST /containers/create') helpers.push((body as { Cmd: string[] }).Cmd.join(' ')); // the Engine API's request
      },
    });
    const processes: HostProcesses = {
      controlGroups: async () => groups,
      kill: (id) => {
        if (allowed) killed.push(id);
        return allowed;
      },
    };
    const running = streamsOn(api, processes).exec(container, {
      command: ['sleep', '9'],
      tty: false,
      signal: abort.signal,
      endsOnAbort: true,
    });
    await assert.rejects(running, /exec was cancelled/);
    return { helpers, killed };
  }

  it('is killed from here when its process is one of the container', async (t) => {
    assert.deepEqual(await abandon(t, '0::/system.slice/docker-c0ffee.scope\n', true), { helpers: [], killed: [pid] });
  });

  it('is killed by a helper when the number is another process here, or none', async (t) => {
    assert.deepEqual(await abandon(t, '0::/user.slice\n', true), { helpers: [`kill ${pid} ${container}`], killed: [] });
    assert.deepEqual(await abandon(t, '', true), { helpers: [`kill ${pid} ${container}`], killed: [] });
  });

  it('is killed by a helper when this user may not', async (t) => {
    assert.deepEqual(await abandon(t, '0::/docker/c0ffee\n', false), { helpers: [`kill ${pid} ${container}`], killed: [] });
  });
});
