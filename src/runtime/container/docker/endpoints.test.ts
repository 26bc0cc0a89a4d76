import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Endpoints } from './endpoints.ts';
import { type FakeEngine, startFakeEngine } from './fake-engine.ts';

/** An engine with an event stream, if it has one; `disconnected` answers who leaves. */
async function engineOf(
  t: TestContext,
  {
    hasEvents = true,
    disconnected = () => ({}),
  }: { hasEvents?: boolean; disconnected?: (response: ServerResponse) => object | 'answered' },
): Promise<{ engine: FakeEngine; endpoints: Endpoints; opened: Promise<void>; connected(container: string): void }> {
  const stream = Promise.withResolvers<ServerResponse>();
  const engine = await startFakeEngine(t, {
    answer: (call, query, response) => {
      if (call === 'POST /networks/pods/disconnect') return disconnected(response);
      if (call !== 'GET /events' || !hasEvents) return undefined;
      assert.deepEqual(JSON.parse(query.get('filters') ?? ''), { type: ['network'], event: ['connect'] });
      response.writeHead(200).flushHeaders();
      stream.resolve(response);
      return 'answered';
    },
  });
  const endpoints = new Endpoints(engine.api, 'pods');
  t.after(() => endpoints.close());
  const connected = (container: string): void => {
    const event = { Action: 'connect', Actor: { ID: 'n1', Attributes: { container, name: 'pods', type: 'bridge' } } };
    stream.promise.then(
      (response) => response.write(`${JSON.stringify(event)}\n`),
      () => undefined, // it only resolves
    );
  };
  return { engine, endpoints, opened: stream.promise.then(() => delay(20)), connected };
}

/** Starts that are under way, in order, each with what ends it. */
class Starts {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, PromiseWithResolvers<string>>();

  join(endpoints: Endpoints, container: string, failure?: string): Promise<string> {
    return endpoints.join(async (starts) => {
      this.begun.push(container);
      starts(container);
      const end = Promise.withResolvers<string>();
      this.#ends.set(container, end);
      const outcome = await end.promise;
      if (failure !== undefined) throw new Error(failure);
      return outcome;
    });
  }

  end(container: string): void {
    this.#ends.get(container)?.resolve(`${container} runs`);
  }

  async until(...begun: string[]): Promise<void> {
    while (this.begun.length < begun.length) await delay(1);
    await delay(20); // for one that begins too early
    assert.deepEqual(this.begun, begun);
  }
}

describe('the endpoints of a network', () => {
  it('are joined one after another, the next one as soon as the engine tells of the last', async (t) => {
    const { endpoints, opened, connected } = await engineOf(t, {});
    const starts = new Starts();
    const first = starts.join(endpoints, 'a');
    await opened;
    const others = ['b', 'c'].map((name) => starts.join(endpoints, name));
    await starts.until('a');
    connected('x');
    await starts.until('a');
    connected('a');
    await starts.until('a', 'b');
    starts.end('a'); // not the end of the turn of b
    assert.equal(await first, 'a runs');
    await starts.until('a', 'b');
    connected('b');
    await starts.until('a', 'b', 'c');
    for (const name of ['b', 'c']) starts.end(name);
    assert.deepEqual(await Promise.all(others), ['b runs', 'c runs']);
  });

  it('are joined one call after another when the engine tells of none, or fails', async (t) => {
    const { endpoints } = await engineOf(t, { hasEvents: false });
    const starts = new Starts();
    const failing = assert.rejects(starts.join(endpoints, 'a', 'no room'), { message: 'no room' });
    const second = starts.join(endpoints, 'b');
    await starts.until('a');
    starts.end('a');
    await failing;
    await starts.until('a', 'b');
    starts.end('b');
    assert.equal(await second, 'b runs');
  });

  it('are left one after another, and while nobody joins', async (t) => {
    const waiting: ServerResponse[] = [];
    const { endpoints, opened, connected } = await engineOf(t, {
      disconnected: (response) => {
        waiting.push(response);
        return 'answered';
      },
    });
    const starts = new Starts();
    const joining = starts.join(endpoints, 'a');
    await opened;
    const leaving = ['b', 'c'].map((name) => endpoints.leave(name));
    await starts.until('a');
    assert.equal(waiting.length, 0);
    connected('a');
    for (const count of [1, 2]) {
      while (waiting.length < count) await delay(1);
      await delay(20);
      assert.equal(waiting.length, count);
      waiting.at(-1)?.end();
    }
    await Promise.all(leaving);
    starts.end('a');
    await joining;
  });

  it('are not held up for ever by a call that the engine does not answer', async (t) => {
    const { engine } = await engineOf(t, { disconnected: () => 'answered' }); // later than the test lasts
    const endpoints = new Endpoints(engine.api, 'pods', 50);
    t.after(() => endpoints.close());
    endpoints.leave('stuck').catch(() => undefined); // the end of the test cuts it off
    const starts = new Starts();
    const joining = starts.join(endpoints, 'a');
    await starts.until('a');
    starts.end('a');
    assert.equal(await joining, 'a runs');
  });

  it('need not be left by those that have none, and are not when the engine is away', async (t) => {
    const refusal = { message: 'container c1 is not connected to network pods' };
    const { engine, endpoints } = await engineOf(t, {
      disconnected: (response) => response.writeHead(403).end(JSON.stringify(refusal)) && 'answered',
    });
    await endpoints.leave('c1');
    assert.deepEqual(engine.calls, ['POST /networks/pods/disconnect']);
    const away = await engineOf(t, { disconnected: (response) => response.destroy() && 'answered' });
    await assert.rejects(away.endpoints.leave('c1'), { code: 'Unavailable' });
  });
});
