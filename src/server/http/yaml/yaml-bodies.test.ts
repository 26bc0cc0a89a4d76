import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../../client/fake-clock.ts';
import { createYamlWorker } from '../../../executable.ts';
import { testApp } from '../test-app.ts';
import { type YamlAnswer, yamlAnswer } from './yaml-answer.ts';
import { YamlBodies, type YamlWorker } from './yaml-bodies.ts';

const large = (name: string): string => `${name}: "${'x'.repeat(40_000)}"\n`;

/** A thread that answers when the test tells it to. */
class ManualWorker implements YamlWorker {
  readonly texts: string[] = [];
  terminated = false;
  #answer = (_answer: YamlAnswer): void => undefined;
  #fail = (_error: Error): void => undefined;

  postMessage(text: string): void {
    this.texts.push(text);
  }

  on(event: 'message' | 'error', listener: ((answer: YamlAnswer) => void) | ((error: Error) => void)): void {
    // The two overloads of the interface.
    if (event === 'message') this.#answer = listener as (answer: YamlAnswer) => void;
    else this.#fail = listener as (error: Error) => void;
  }

  unref(): void {
    // Nothing here keeps the process alive.
  }

  terminate(): void {
    this.terminated = true;
  }

  answer(): void {
    this.#answer(yamlAnswer(this.texts.at(-1) ?? ''));
  }

  fail(error: Error): void {
    this.#fail(error);
  }
}

function manual() {
  const clock = new FakeClock();
  const workers: ManualWorker[] = [];
  const createWorker = (): YamlWorker => {
    const worker = new ManualWorker();
    workers.push(worker);
    return worker;
  };
  return { clock, workers, bodies: new YamlBodies({ clock, createWorker }) };
}

const isStatus = (code: number) => ({ name: 'StatusError', code });

describe('YamlBodies', () => {
  it('reads what is small at once', async () => {
    const { workers, bodies } = manual();
    assert.deepEqual(await bodies.read('a: yes'), { json: { a: true }, duplicates: [] });
    assert.equal(workers.length, 0);
  });

  it('hands large bodies to one thread, one at a time, and ends it when there are none', async () => {
    const { clock, workers, bodies } = manual();
    const first = bodies.read(large('first'));
    const second = bodies.read(`${large('second')}second: 1\n`);
    const [worker] = workers;
    assert.deepEqual([workers.length, worker?.texts.length], [1, 1]);
    worker?.answer();
    assert.deepEqual(Object.keys(Object((await first).json)), ['first']);
    assert.equal(worker?.texts.length, 2);
    worker?.answer();
    assert.deepEqual(await second, { json: { second: 1 }, duplicates: ['  line 2: key "second" already set in map'] });
    assert.equal(worker?.terminated, false);
    clock.advance(60_000);
    assert.deepEqual([worker?.terminated, clock.pendingTimers], [true, 0]);
    void bodies.read(large('third'));
    assert.equal(workers.length, 2);
  });

  it('says what is wrong with a large body as with a small one', async () => {
    const { workers, bodies } = manual();
    const broken = bodies.read(`${large('a')}b: [`);
    workers[0]?.answer();
    await assert.rejects(broken, { name: 'YamlError', message: "line 1: did not find expected ',' or ']'" });
  });

  it('refuses more than it can hold, for the client to come again', async () => {
    const { bodies } = manual();
    const results = Promise.allSettled(Array.from({ length: 100 }, (_, index) => bodies.read(large(`k${index}`))));
    await assert.rejects(bodies.read(large('last')), isStatus(429));
    void results;
  });

  it('gives a body up that takes too long or too much memory, and goes on with the next in another thread', async () => {
    const { clock, workers, bodies } = manual();
    const slow = bodies.read(large('slow'));
    const hungry = bodies.read(large('hungry'));
    const good = bodies.read(large('good'));
    clock.advance(60_000);
    await assert.rejects(slow, isStatus(504));
    workers[1]?.fail(Object.assign(new Error('out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' }));
    await assert.rejects(hungry, isStatus(413));
    // The answer of a thread that was given up must be ignored.
    workers[0]?.answer();
    workers[2]?.answer();
    assert.deepEqual(Object.keys(Object((await good).json)), ['good']);
    assert.deepEqual(
      workers.map(({ terminated }) => terminated),
      [true, true, false],
    );
  });
});

/** Counts the turns of the event loop while a large body is read. */
async function turnsWhile(more: Parameters<typeof testApp>[0]): Promise<number> {
  const { json } = testApp(more);
  const data = Array.from({ length: 1000 }, (_, index) => `  k${index}: ${index}${'x'.repeat(40)}\n`).join('');
  let done = false;
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (!done) setImmediate(turn);
  };
  turn();
  const { status, body } = await json('/api/v1/namespaces/default/configmaps', {
    method: 'POST',
    body: `metadata:\n  name: a\ndata:\n${data}`,
    headers: { 'content-type': 'application/yaml' },
  });
  done = true;
  assert.deepEqual([status, Object.keys(Object(body.data)).length], [201, 1000]);
  return turns;
}

describe('a large YAML body', () => {
  it('is read while the server goes on', async () => {
    const before = await turnsWhile({});
    const turns = await turnsWhile({ createYamlWorker });
    assert.ok(turns > 10 * before, `${before} turns without a thread, ${turns} with one`);
  });
});
