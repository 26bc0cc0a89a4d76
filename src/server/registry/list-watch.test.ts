import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { aConfigMap, aPod, listRequest, status, TestRegistry } from './test-registry.ts';

async function withObjects(names: readonly string[], options: { readonly logWindow?: number } = {}): Promise<TestRegistry> {
  const test = await new TestRegistry(options).withNamespace();
  await test.withNamespace('other');
  for (const name of names)
    await test.create('configmaps', aConfigMap(name, {}, { labels: { app: name, even: String(name.charCodeAt(0) % 2 === 0) } }));
  return test;
}

describe('list', () => {
  it('selects by namespace, labels and fields', async () => {
    const test = await withObjects(['a', 'b', 'c']);
    await test.create('configmaps', aConfigMap('z', {}, { namespace: 'other' }));
    assert.deepEqual(await test.names('configmaps', 'default'), ['a', 'b', 'c']);
    assert.deepEqual(await test.names('configmaps', ''), ['a', 'b', 'c', 'z']);
    assert.deepEqual(await test.names('configmaps', '', { labelSelector: 'app in (a,c)' }), ['a', 'c']);
    assert.deepEqual(await test.names('configmaps', 'default', { fieldSelector: 'metadata.name=b' }), ['b']);
    assert.deepEqual(await test.names('configmaps', '', { fieldSelector: 'metadata.namespace!=default' }), ['z']);
    assert.deepEqual(await test.names('namespaces', ''), ['default', 'other']);
  });

  it('refuses selectors it does not understand', async () => {
    const test = await withObjects([]);
    await assert.rejects(test.names('configmaps', '', { labelSelector: 'a in' }), status(400, /unable to parse requirement/));
    await assert.rejects(
      test.names('configmaps', '', { fieldSelector: 'data.x=1' }),
      status(400, '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"'),
    );
    await assert.rejects(test.names('pods', '', { fieldSelector: 'spec.foo=1' }), status(400, 'field label not supported: spec.foo'));
  });

  it('knows the fields of a served version by their names there', async () => {
    const test = await withObjects([]);
    const metadata = { name: 'e', namespace: 'default' };
    await test.create('events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata,
      involvedObject: { kind: 'Pod', namespace: 'default' },
      type: 'Normal',
    });
    const { kind } = test.target('events', 'default');
    const served = { kind, served: { group: 'events.k8s.io', version: 'v1' }, namespace: 'default', name: '', subresource: '' };
    const names = async (fieldSelector: string): Promise<readonly string[]> => {
      const { entries } = await test.registry.list(test.context, served, { ...listRequest, fieldSelector });
      return entries.map(({ object }) => object.metadata.name);
    };
    assert.deepEqual(await names('regarding.kind=Pod,type=Normal'), ['e']);
    assert.deepEqual(await names('regarding.kind=Node'), []);
    await assert.rejects(names('involvedObject.kind=Pod'), status(400, 'field label not supported: involvedObject.kind'));
    assert.deepEqual(await test.names('events', 'default', { fieldSelector: 'involvedObject.kind=Pod' }), ['e']);
  });

  it('pages in a consistent state', async () => {
    const test = await withObjects(['a', 'b', 'c', 'd']);
    const first = await test.list('configmaps', 'default', { limit: 2 });
    assert.equal(first.remainingItemCount, 2);
    const token = JSON.parse(Buffer.from(first.continue, 'base64url').toString());
    assert.deepEqual(token, { v: 'meta.k8s.io/v1', rv: Number(first.resourceVersion), start: 'b\u0000', begun: test.nowMs });
    await test.create('configmaps', aConfigMap('bb'));
    await test.delete('configmaps', 'default/d');
    const second = await test.list('configmaps', 'default', { limit: 2, continue: first.continue });
    assert.deepEqual(
      second.entries.map(({ object }) => object.metadata.name),
      ['c', 'd'],
    );
    assert.equal(second.resourceVersion, first.resourceVersion);
    assert.equal(second.continue, '');
    assert.deepEqual(
      await test.names('namespaces', '', { limit: 1, continue: (await test.list('namespaces', '', { limit: 1 })).continue }),
      ['other'],
    );
  });

  it('pages a selection without counting what remains', async () => {
    const test = await withObjects(['a', 'b', 'c', 'd', 'e', 'f']);
    const first = await test.list('configmaps', 'default', { limit: 2, labelSelector: 'even=true' });
    assert.deepEqual(
      first.entries.map(({ object }) => object.metadata.name),
      ['b', 'd'],
    );
    assert.equal(first.remainingItemCount, undefined);
    assert.deepEqual(await test.names('configmaps', 'default', { limit: 2, labelSelector: 'even=true', continue: first.continue }), ['f']);
  });

  it('gives the pages of one list for five minutes', async () => {
    const test = await withObjects(['a', 'b', 'c']);
    const first = await test.list('configmaps', 'default', { limit: 1 });
    test.nowMs += 299_000;
    const second = await test.list('configmaps', 'default', { limit: 1, continue: first.continue });
    test.nowMs += 2000;
    const error = await test.list('configmaps', 'default', { limit: 1, continue: second.continue }).catch((cause: unknown) => cause);
    assert.ok(error instanceof StatusError && error.code === 410 && error.reason === 'Expired');
    const goesOn = String(error.status.metadata.continue);
    assert.deepEqual(await test.names('configmaps', 'default', { continue: goesOn }), ['c']);
  });

  it('can be gone on from while much is written: the next page, and a watch after a long list', async () => {
    const names = Array.from({ length: 501 }, (_, index) => `c-${String(index).padStart(3, '0')}`);
    const test = await withObjects(names, { logWindow: 100 });
    const churn = async (): Promise<void> => {
      for (let round = 0; round < 600; round++)
        await test.patch('configmaps', 'default/c-500', { data: { round: `${test.store.revision}` } });
    };
    const first = await test.list('configmaps', 'default', { limit: 500 });
    await churn();
    const second = await test.list('configmaps', 'default', { limit: 500, continue: first.continue });
    assert.deepEqual([second.entries.length, second.resourceVersion], [1, first.resourceVersion]);
    const { resourceVersion } = await test.list('configmaps', 'default');
    await churn();
    test.watch('configmaps', 'default', { resourceVersion });
    const short = await test.list('configmaps', 'default', { labelSelector: 'none' });
    await churn();
    await churn();
    assert.throws(
      () => test.watch('configmaps', 'default', { resourceVersion: short.resourceVersion }),
      status(410, /too old resource version/),
    );
  });

  it('answers 410 to an expired token, with one that goes on', async () => {
    const test = await withObjects(['a', 'b', 'c'], { logWindow: 1 });
    const first = await test.list('configmaps', 'default', { limit: 1 });
    for (let round = 0; round < 600; round++) await test.patch('configmaps', 'default/c', { data: { round: String(round) } });
    const error = await test.list('configmaps', 'default', { limit: 1, continue: first.continue }).catch((cause: unknown) => cause);
    assert.ok(error instanceof StatusError && error.code === 410 && error.reason === 'Expired');
    assert.match(error.message, /^The provided continue parameter is too old to display a consistent list result\./);
    const goesOn = String(error.status.metadata.continue);
    assert.deepEqual(await test.names('configmaps', 'default', { continue: goesOn }), ['b', 'c']);
    await assert.rejects(
      test.list('configmaps', 'default', { resourceVersion: '2', resourceVersionMatch: 'Exact' }),
      status(410, 'The resourceVersion for the provided list is too old.'),
    );
    assert.throws(
      () => test.watch('configmaps', 'default', { resourceVersion: '2' }),
      status(410, `too old resource version: 2 (${test.store.compactedRevision})`),
    );
  });

  it('waits up to three seconds for a resource version from the future', async () => {
    const test = await withObjects(['a']);
    const late = test.names('configmaps', '', { resourceVersion: '9999' });
    assert.deepEqual(
      test.timers.map(({ delayMs }) => delayMs),
      [3000],
    );
    test.timers[0]?.callback();
    await assert.rejects(late, status(504, /Too large resource version: 9999, current: \d+/));
    const next = test.names('configmaps', '', { resourceVersion: String(test.store.revision + 1) });
    await test.create('configmaps', aConfigMap('b'));
    assert.deepEqual(await next, ['a', 'b']);
    assert.equal(test.timers.length, 0);
  });

  it('obeys resource versions', async () => {
    const test = await withObjects(['a']);
    const then = String(test.store.revision);
    await test.create('configmaps', aConfigMap('b'));
    assert.deepEqual(await test.names('configmaps', '', { resourceVersion: then, resourceVersionMatch: 'Exact' }), ['a']);
    assert.deepEqual(await test.names('configmaps', '', { resourceVersion: then, resourceVersionMatch: 'NotOlderThan' }), ['a', 'b']);
    assert.deepEqual(await test.names('configmaps', '', { resourceVersion: '0' }), ['a', 'b']);
    await assert.rejects(
      test.names('configmaps', '', { resourceVersion: 'abc' }),
      status(400, 'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax'),
    );
    await assert.rejects(
      test.names('configmaps', '', { resourceVersionMatch: 'Exact' }),
      status(422, /resourceVersionMatch is forbidden unless resourceVersion is provided/),
    );
    await assert.rejects(test.names('configmaps', '', { continue: 'nonsense' }), status(400, /continue key is not valid/));
    for (const [token, at] of [
      ['ab+/', 2],
      ['abcde', 4],
    ] as const) {
      const wrong = `invalid continue token: continue key is not valid: illegal base64 data at input byte ${at}`;
      await assert.rejects(test.names('configmaps', '', { continue: token }), status(400, wrong));
    }
  });
});

describe('watch', () => {
  it('starts with what is there, then follows', async () => {
    const test = await withObjects(['a']);
    const at = test.store.revision;
    const watch = test.watch('configmaps', 'default');
    await test.create('configmaps', aConfigMap('b'));
    await test.patch('configmaps', 'default/b', { data: { k: 'v' } });
    await test.delete('configmaps', 'default/b');
    watch.close();
    await test.create('configmaps', aConfigMap('c'));
    assert.deepEqual(watch.seen, [`ADDED a@${at}`, `ADDED b@${at + 1}`, `MODIFIED b@${at + 2}`, `DELETED b@${at + 3}`]);
  });

  it('resumes after a resource version', async () => {
    const test = await withObjects(['a', 'b']);
    const at = test.store.revision;
    await test.create('configmaps', aConfigMap('c'));
    assert.deepEqual(test.watch('configmaps', 'default', { resourceVersion: String(at) }).seen, [`ADDED c@${at + 1}`]);
  });

  it('tells everyone the same in the same order, whenever they begin', async () => {
    const test = await withObjects([]);
    const from = test.store.revision;
    for (const name of ['a', 'b', 'c']) {
      await test.create('configmaps', aConfigMap(name));
      await test.patch('configmaps', `default/${name}`, { data: { k: name } });
      if (name === 'b') await test.delete('configmaps', 'default/a');
    }
    const all = test.watch('configmaps', 'default', { resourceVersion: String(from) }).seen;
    assert.equal(all.length, 7);
    // Each revision is one event, which a watch from there on does not see again.
    for (const [index] of all.entries()) {
      const { seen } = test.watch('configmaps', 'default', { resourceVersion: String(from + index + 1) });
      assert.deepEqual(seen, all.slice(index + 1));
    }
  });

  it('turns entering and leaving a selection into ADDED and DELETED', async () => {
    const test = await withObjects([]);
    const at = test.store.revision;
    const watch = test.watch('configmaps', 'default', { labelSelector: 'on=true' });
    await test.create('configmaps', aConfigMap('a'));
    await test.patch('configmaps', 'default/a', { metadata: { labels: { on: 'true' } } });
    await test.patch('configmaps', 'default/a', { data: { k: 'v' } });
    await test.patch('configmaps', 'default/a', { metadata: { labels: { on: 'false' } } });
    await test.delete('configmaps', 'default/a');
    assert.deepEqual(watch.seen, [`ADDED a@${at + 2}`, `MODIFIED a@${at + 3}`, `DELETED a@${at + 4}`]);
  });

  it('follows one object by its name', async () => {
    const test = await withObjects(['a', 'ab']);
    const at = test.store.revision;
    const { seen } = test.watch('configmaps', 'default', { fieldSelector: 'metadata.name=a' });
    await test.patch('configmaps', 'default/ab', { data: { k: 'v' } });
    await test.patch('configmaps', 'default/a', { data: { k: 'v' } });
    assert.deepEqual(seen, [`ADDED a@${at - 1}`, `MODIFIED a@${at + 2}`]);
  });

  it('streams the initial state and marks its end', async () => {
    const test = await withObjects(['a', 'b']);
    const at = test.store.revision;
    const request = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowBookmarks: true } as const;
    const { seen } = test.watch('configmaps', 'default', request);
    assert.deepEqual(seen, [`ADDED a@${at - 1}`, `ADDED b@${at}`, `BOOKMARK ${at} initial-events-end`]);
    assert.deepEqual(test.watch('configmaps', 'default', { ...request, sendInitialEvents: false }).seen, []);
    assert.throws(
      () => test.watch('configmaps', '', { sendInitialEvents: true }),
      status(422, /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/),
    );
  });

  it('sends bookmarks only when something else was committed', async () => {
    const test = await withObjects([]);
    const { seen } = test.watch('configmaps', 'default', { allowBookmarks: true });
    assert.equal(test.timers.length, 0);
    await test.create('pods', aPod('p'));
    assert.deepEqual(
      test.timers.map(({ delayMs }) => delayMs),
      [60_000],
    );
    test.timers[0]?.callback();
    assert.deepEqual(seen, [`BOOKMARK ${test.store.revision}`]);
  });
});
