import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../api/json.ts';
import { StatusError } from '../../../api/status-error.ts';
import { aPod, TestRegistry } from '../test-registry.ts';

const budgets = 'poddisruptionbudgets.policy';
const budget = (name: string, spec: JsonObject = {}): JsonObject => ({
  metadata: { name, namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'a' } }, minAvailable: 1, ...spec },
});
const observed = { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 };

/** A registry with a running Pod `p` that budgets select. */
async function withRunningPod(ready: boolean): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  const pod = await test.create('pods', { ...aPod('p'), metadata: { name: 'p', namespace: 'default', labels: { app: 'a' } } });
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }];
  await test.subresource('update', 'pods', 'default/p', 'status', {
    ...pod,
    status: { ...(pod.status as JsonObject), phase: 'Running', conditions },
  });
  return test;
}

async function addBudget(test: TestRegistry, name: string, status: JsonObject = {}, spec: JsonObject = {}): Promise<void> {
  const created = await test.create(budgets, budget(name, spec));
  await test.subresource('update', budgets, `default/${name}`, 'status', { ...created, status: { ...observed, ...status } });
}

const evict = (test: TestRegistry, more: JsonObject = {}) =>
  test.subresource('create', 'pods', 'default/p', 'eviction', {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name: 'p', namespace: 'default' },
    ...more,
  });

/** What a client is told about a refused eviction. */
async function refusalOf(test: TestRegistry): Promise<readonly unknown[]> {
  try {
    await evict(test);
  } catch (error) {
    assert.ok(error instanceof StatusError);
    const { code, reason, details } = error.status;
    return [code, reason, details?.retryAfterSeconds, ...(details?.causes ?? []).map((cause) => `${cause.reason}: ${cause.message}`)];
  }
  return ['evicted'];
}

describe('eviction', () => {
  it('takes a disruption from the budget, and says when none is left', async () => {
    const test = await withRunningPod(true);
    await addBudget(test, 'b');
    assert.equal((await evict(test)).status, 'Success');
    const { status } = await test.get(budgets, 'default/b');
    const { disruptionsAllowed, disruptedPods, conditions } = status as JsonObject;
    assert.deepEqual([disruptionsAllowed, disruptedPods], [0, { p: '2026-01-01T00:00:00Z' }]);
    const [condition] = conditions as readonly JsonObject[];
    assert.deepEqual([condition?.type, condition?.status, condition?.reason], ['DisruptionAllowed', 'False', 'InsufficientPods']);
  });

  it('is refused while the budget is used up, with the reason', async () => {
    const test = await withRunningPod(true);
    await addBudget(test, 'b', { disruptionsAllowed: 0, currentHealthy: 1 });
    const cause = 'DisruptionBudget: The disruption budget b needs 1 healthy pods and has 1 currently';
    assert.deepEqual(await refusalOf(test), [429, 'TooManyRequests', undefined, cause]);
    assert.deepEqual(await test.names('pods', 'default'), ['p']);
  });

  it('is refused, to be tried again, before the controller has seen the budget', async () => {
    const test = await withRunningPod(true);
    await test.create(budgets, budget('b'));
    const cause = 'DisruptionBudget: The disruption budget b is still being processed by the server.';
    assert.deepEqual(await refusalOf(test), [429, 'TooManyRequests', 10, cause]);
  });

  it('tells why the controller could not count', async () => {
    const test = await withRunningPod(true);
    const failed = {
      type: 'DisruptionAllowed',
      status: 'False',
      reason: 'SyncFailed',
      message: 'no scale',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    await addBudget(test, 'b', { disruptionsAllowed: 0, conditions: [failed] });
    const [, , , cause] = await refusalOf(test);
    assert.equal(
      cause,
      'DisruptionBudget: The disruption budget b does not allow evicting pods currently because it failed sync: no scale',
    );
  });

  it('lets a Pod that is not ready go while enough others are, or always where the budget says so', async () => {
    for (const [healthy, spec] of [
      [1, {}],
      [0, { unhealthyPodEvictionPolicy: 'AlwaysAllow' }],
    ] as const) {
      const test = await withRunningPod(false);
      await addBudget(test, 'b', { disruptionsAllowed: 0, currentHealthy: healthy }, spec);
      assert.deepEqual(await refusalOf(test), ['evicted']);
      assert.equal(((await test.get(budgets, 'default/b')).status as JsonObject).disruptedPods, undefined);
    }
    const test = await withRunningPod(false);
    await addBudget(test, 'b', { disruptionsAllowed: 0, currentHealthy: 0 });
    assert.equal((await refusalOf(test))[0], 429);
  });

  it('asks no budget about a Pod that has not begun', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', { ...aPod('p'), metadata: { name: 'p', namespace: 'default', labels: { app: 'a' } } });
    await addBudget(test, 'b', { disruptionsAllowed: 0 });
    assert.deepEqual(await refusalOf(test), ['evicted']);
  });

  it('answers a failure when two budgets cover the Pod', async () => {
    const test = await withRunningPod(true);
    await addBudget(test, 'b');
    await addBudget(test, 'c');
    const { status, code, message } = await evict(test);
    const words = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    assert.deepEqual([status, code, message], ['Failure', 500, words]);
  });

  it('changes nothing on a dry run, whichever part asks for it', async () => {
    const test = await withRunningPod(true);
    await addBudget(test, 'b');
    const before = await test.get(budgets, 'default/b');
    assert.equal((await evict(test, { deleteOptions: { dryRun: ['All'] } })).status, 'Success');
    assert.deepEqual(await test.get(budgets, 'default/b'), before);
    assert.deepEqual(await test.names('pods', 'default'), ['p']);
  });

  it('leaves its reason in the Pod', async () => {
    const test = await withRunningPod(true);
    const { metadata } = await test.get('pods', 'default/p');
    await test.subresource('create', 'pods', 'default/p', 'binding', {
      ...{ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p', uid: metadata.uid ?? '' }, target: { kind: 'Node', name: 'n' } },
    });
    await evict(test);
    const { status } = await test.get('pods', 'default/p');
    const reasons = ((status as JsonObject).conditions as readonly JsonObject[]).map(({ type, reason }) => [type, reason]);
    assert.deepEqual(reasons.at(-1), ['DisruptionTarget', 'EvictionByEvictionAPI']);
  });

  it('holds to the version that the client has seen', async () => {
    const test = await withRunningPod(true);
    await assert.rejects(evict(test, { deleteOptions: { preconditions: { resourceVersion: '1' } } }), { code: 409 });
  });
});
