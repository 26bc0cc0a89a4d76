import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Limiter } from './limiter.ts';

it('Limiter runs so many at once, in order, and frees the place of one that fails', async () => {
  const limiter = new Limiter(2);
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const tasks = gates.map((gate, i) =>
    limiter.run(async () => {
      begun.push(i);
      await gate.promise;
      return i;
    }),
  );
  assert.deepEqual(begun, [0, 1]);
  gates[1]?.reject(new Error('failed'));
  await assert.rejects(tasks[1] ?? Promise.resolve(), /failed/);
  assert.deepEqual(begun, [0, 1, 2]);
  for (const gate of gates) gate.resolve();
  assert.deepEqual(await Promise.all([tasks[0], tasks[2], tasks[3]]), [0, 2, 3]);
});

it('Limiter gives a place back once, whoever gives it back how often', async () => {
  const limiter = new Limiter(1);
  const leave = await limiter.enter();
  const entered: number[] = [];
  const others = [1, 2].map((i) => limiter.enter().then(() => entered.push(i)));
  leave();
  leave();
  await others[0];
  await new Promise(setImmediate);
  assert.deepEqual(entered, [1]);
});
