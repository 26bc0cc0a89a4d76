import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { faultRule } from '../../api/faults/fault-order.ts';
import type { JsonValue } from '../../api/json.ts';
import { StatusError } from '../../api/status-error.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import { bootstrapRules } from '../../server/auth/bootstrap-policy.ts';
import { RbacAuthorizer } from '../../server/auth/rbac.ts';
import { silentLogger, testApp } from '../../server/http/test-app.ts';
import { createMemoryStore } from '../../server/store/memory-store.ts';
import { CommitHistory } from './commit-history.ts';
import { FaultControl } from './fault-control.ts';
import { FaultRules } from './fault-rules.ts';

function control(simulated = true) {
  const rules = new FaultRules({ store: createMemoryStore(), clock: new FakeClock() });
  const { kinds } = testApp();
  const faults = new FaultControl({ rules, kinds: () => kinds.all, simulated, log: silentLogger });
  const { signal } = new AbortController();
  // It answers at once.
  const ask = (method: string, rest = '', body?: JsonValue) => faults.control({ method, rest, body, signal }) as JsonValue;
  return { rules, faults, ask };
}

const failure = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof StatusError && error.code === code && message.test(error.message);

describe('/minik/faults', () => {
  it('adds, shows and removes rules', () => {
    const { ask } = control();
    assert.deepEqual(ask('GET'), { rules: [], injections: [] });
    const added = ask('POST', '', { fault: '409', share: 0.5, seed: 3 });
    const report = { fault: 'conflict', share: 0.5, seed: 3, name: 'conflict-1', state: 'active', selected: 0, struck: 0 };
    assert.deepEqual(added, report);
    ask('POST', '', { fault: '409', name: 'mine' });
    ask('POST', '', { fault: '409' });
    assert.deepEqual(
      (ask('GET') as unknown as { rules: { name: string }[] }).rules.map(({ name }) => name),
      ['conflict-1', 'mine', 'conflict-2'],
    );
    assert.deepEqual(ask('DELETE', 'conflict-1'), report);
    assert.equal((ask('DELETE') as unknown as { rules: unknown[] }).rules.length, 2);
    assert.deepEqual(ask('GET'), { rules: [], injections: [] });
  });

  it('refuses with what there is', () => {
    const { ask } = control();
    assert.throws(() => ask('POST', '', { fault: 'no' }), failure(400, /^fault must be one of delay, conflict/));
    assert.throws(() => ask('POST'), failure(400, /^a fault is an object/));
    assert.throws(() => ask('DELETE', 'x'), failure(404, /^there is no fault "x"; there are none$/));
    ask('POST', '', { fault: '500', name: 'a' });
    assert.throws(() => ask('DELETE', 'x'), failure(404, /there are: a$/));
    assert.throws(() => ask('POST', '', { fault: '409', name: 'a' }), failure(409, /^there is a fault "a" already/));
    assert.throws(() => ask('PUT', 'a', {}), failure(405, /./));
    assert.throws(() => ask('GET', 'a/b'), failure(404, /./));
  });

  it('takes resources by any of their names, and refuses those that would never be struck', () => {
    const { ask } = control();
    const resources = ['deploy', 'pod/status', 'configmap', '*', '*/scale', 'widgets.example.com', 'deployments.apps'];
    const added = ask('POST', '', { fault: '500', resources }) as unknown as { resources: string[] };
    assert.deepEqual(added.resources, ['deployments', 'pods/status', 'configmaps', ...resources.slice(3)]);
    assert.throws(
      () => ask('POST', '', { fault: '500', resources: ['widgets'] }),
      failure(400, /^resources: the cluster serves no "widgets"/),
    );
  });

  it('refuses on Docker what only simulated containers can do', () => {
    const { ask } = control(false);
    assert.throws(
      () => ask('POST', '', { fault: 'crash' }),
      failure(400, /^fault: crash happens to simulated containers only; with Docker there are: delay, .*pull-error, node-silence$/),
    );
    ask('POST', '', { fault: 'pull-error' });
    ask('POST', '', { fault: 'node-silence' });
  });

  it('is for administrators only', () => {
    const authorizer = new RbacAuthorizer(bootstrapRules);
    const asked = (name: string, groups: readonly string[], verb: string): boolean =>
      authorizer.authorize({
        ...{ user: { name, uid: '', groups, extra: {} }, verb, isResourceRequest: false, path: '/minik/faults' },
        ...{ namespace: '', apiGroup: '', apiVersion: '', resource: '', subresource: '', name: '' },
      }).allowed;
    for (const verb of ['get', 'post', 'delete']) {
      assert.ok(asked('root', ['system:masters'], verb));
      assert.ok(!asked('jane', ['system:authenticated'], verb));
      assert.ok(!asked('system:kube-controller-manager', ['system:authenticated'], verb));
    }
  });
});

describe('the rules of faults', () => {
  const request = {
    ...{ isResourceRequest: true, verb: 'get', apiGroup: '', resource: 'pods', subresource: '', namespace: 'a', name: 'b', path: '' },
    ...{ user: { name: 'jane', groups: [] }, userAgent: '', resumes: false },
  };
  const add = (rules: FaultRules, order: JsonValue): void => {
    const rule = faultRule(order);
    assert.ok(!('problem' in rule));
    rules.add(rule);
  };
  const struck = ({ requests }: FaultRules): readonly string[] => requests?.strikes(request).map(({ name }) => name) ?? [];

  it('are asked in order: delays add up, and the first that ends the request is the last', () => {
    const { rules } = control();
    assert.equal(rules.requests, undefined);
    add(rules, { fault: 'delay', name: 'slow', delay: '1s' });
    add(rules, { fault: 'delay', name: 'slower', delay: '1s' });
    add(rules, { fault: 'stale-read', name: 'old' });
    add(rules, { fault: '500', name: 'broken', times: 1 });
    add(rules, { fault: '503', name: 'gone', times: 1 });
    assert.deepEqual(struck(rules), ['slow', 'slower', 'old', 'broken']);
    assert.deepEqual(struck(rules), ['slow', 'slower', 'old', 'gone']);
    assert.deepEqual(struck(rules), ['slow', 'slower', 'old']);
    rules.removeAll();
    assert.equal(rules.requests, undefined);
  });

  it('come back as they were kept: those added since are gone, and the next strikes are the same', () => {
    const { rules } = control();
    add(rules, { fault: '500', name: 'some', share: '50%', seed: 5 });
    const sequence = (): string => Array.from({ length: 32 }, () => (struck(rules).includes('some') ? 'x' : '.')).join('');
    sequence();
    const restore = rules.keep();
    const first = sequence();
    add(rules, { fault: 'reset', name: 'more' });
    rules.remove('some');
    restore();
    assert.equal(sequence(), first);
    assert.deepEqual(
      rules.show().rules.map(({ name }) => name),
      ['some'],
    );
  });

  it('tell the last thousand strikes', () => {
    const { rules } = control();
    add(rules, { fault: '500' });
    for (let i = 0; i < 1100; i++) struck(rules);
    const { injections } = rules.show();
    assert.equal(injections.length, 1000);
    assert.match(String(injections[0]?.at), /^\d{4}-.*Z$/);
    assert.deepEqual(
      { ...injections[0], at: '' },
      { at: '', rule: 'internal-error-1', fault: 'internal-error', what: 'get pods a/b by jane' },
    );
  });
});

describe('the history of commits', () => {
  it('knows the revision of some time ago, and forgets what is older than it has to know', async () => {
    const store = createMemoryStore();
    const clock = new FakeClock();
    const history = new CommitHistory(store, () => clock.now(), 10_000);
    const first = store.revision;
    const write = (n: number) =>
      store.write({
        key: 'a/b/c',
        object: { apiVersion: 'v1', kind: 'A', metadata: { name: `${n}`, uid: '', resourceVersion: '', creationTimestamp: '' } },
      });
    for (let n = 1; n <= 5; n++) {
      clock.advance(4000);
      await write(n);
    }
    assert.deepEqual(
      [0, 3999, 4000, 9000, 12_000, 99_000].map((ageMs) => history.revisionBefore(ageMs) - first),
      [5, 4, 4, 2, 2, 2],
    );
    history.close();
    await write(9);
    assert.equal(history.revisionBefore(0), first + 5);
  });
});
