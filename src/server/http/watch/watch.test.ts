import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { statusErrors } from '../../../api/status-error.ts';
import type { WatchOutput } from '../../registry/registry.ts';
import { ServedEntries } from '../encode/served-entries.ts';
import { TableColumns } from '../encode/table-columns.ts';
import { configMap, sending, testApp } from '../test-app.ts';
import { FrameCache, type FrameForm } from './frame-cache.ts';
import type { WatchSink } from './watch-sink.ts';
import { WatchStream } from './watch-stream.ts';

const base = '/api/v1/namespaces/default/configmaps';

interface Event {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly code?: number;
    readonly message?: string;
    readonly details?: unknown;
    readonly metadata: { readonly name?: string; readonly resourceVersion: string; readonly annotations?: Record<string, string> };
    readonly columnDefinitions?: unknown;
    readonly rows?: readonly { readonly object: { readonly metadata: { readonly name: string } } }[];
  };
}

/** Reads events one by one; ends the watch by cancelling. */
function events(response: Response): { next(): Promise<Event | undefined>; cancel(): Promise<void> } {
  assert.ok(response.body);
  const reader = response.body.getReader();
  const waiting: Event[] = [];
  let text = '';
  return {
    next: async () => {
      while (waiting.length === 0) {
        const { value, done } = await reader.read();
        if (done) return undefined;
        text += Buffer.from(value).toString('utf8');
        const lines = text.split('\n');
        text = lines.pop() ?? '';
        waiting.push(...lines.map((line) => JSON.parse(line) as Event));
      }
      return waiting.shift();
    },
    cancel: () => reader.cancel(),
  };
}

const short = (event: Event | undefined): string => `${event?.type} ${event?.object.kind} ${event?.object.metadata.name ?? ''}`;

describe('watch', () => {
  it('delivers what happens, from a version on', async () => {
    const { fetch, json } = testApp();
    const { body } = await json(base, sending('POST', configMap('a')));
    const { resourceVersion } = body.metadata as { resourceVersion: string };
    const response = await fetch(`${base}?watch=1&resourceVersion=${resourceVersion}`);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const watch = events(response);
    await json(base, sending('POST', configMap('b')));
    await json(`${base}/b`, sending('PATCH', { data: { x: 'y' } }, { 'content-type': 'application/merge-patch+json' }));
    await json(`${base}/a`, { method: 'DELETE' });
    assert.equal(short(await watch.next()), 'ADDED ConfigMap b');
    assert.equal(short(await watch.next()), 'MODIFIED ConfigMap b');
    assert.equal(short(await watch.next()), 'DELETED ConfigMap a');
    await watch.cancel();
  });

  it('sends the state first and then says so when asked', async () => {
    const { fetch } = testApp();
    await fetch(base, sending('POST', configMap('a')));
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = events(await fetch(`${base}?${query}`));
    assert.equal(short(await watch.next()), 'ADDED ConfigMap a');
    const bookmark = await watch.next();
    assert.equal(bookmark?.type, 'BOOKMARK');
    assert.deepEqual(bookmark?.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
    await watch.cancel();
  });

  it('says where the state ends to a watch from nowhere that takes bookmarks', async () => {
    const { fetch } = testApp();
    await fetch(base, sending('POST', configMap('a')));
    for (const from of ['', '&resourceVersion=0']) {
      const watch = events(await fetch(`${base}?watch=1&allowWatchBookmarks=true${from}`));
      assert.equal(short(await watch.next()), 'ADDED ConfigMap a');
      assert.deepEqual((await watch.next())?.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' });
      await watch.cancel();
    }
  });

  it('waits for a version from the future, and starts when it comes', async () => {
    const { fetch, store } = testApp();
    await fetch(base, sending('POST', configMap('a')));
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const pending = fetch(`${base}?${query}&resourceVersion=${store.revision + 1}`);
    await fetch(base, sending('POST', configMap('b')));
    const watch = events(await pending);
    assert.equal(short(await watch.next()), 'ADDED ConfigMap a');
    assert.equal(short(await watch.next()), 'ADDED ConfigMap b');
    assert.equal((await watch.next())?.object.metadata.resourceVersion, String(store.revision));
    await watch.cancel();
  });

  it('answers a version that does not come within 3 s with an ERROR event', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { fetch, store } = testApp();
    const query = 'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=9999';
    let answered = false;
    const pending = fetch(`${base}?${query}`).finally(() => {
      answered = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(2999);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(answered, false);
    t.mock.timers.tick(1);
    const response = await pending;
    assert.equal(response.status, 200);
    const watch = events(response);
    const event = await watch.next();
    assert.deepEqual([event?.type, event?.object.code], ['ERROR', 504]);
    assert.equal(event?.object.message, `Timeout: Too large resource version: 9999, current: ${store.revision}`);
    assert.deepEqual(event?.object.details, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
    assert.equal(await watch.next(), undefined);
  });

  it('follows from a version of the future without waiting when it wants no initial events', async () => {
    const { fetch, store } = testApp();
    const watch = events(await fetch(`${base}?watch=1&resourceVersion=${store.revision + 1}`));
    await fetch(base, sending('POST', configMap('a')));
    await fetch(base, sending('POST', configMap('b')));
    assert.equal(short(await watch.next()), 'ADDED ConfigMap b');
    await watch.cancel();
  });

  it('refuses what is no resource version as upstream does, with 500', async () => {
    const { json } = testApp();
    const wrong = 'resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax';
    for (const path of [`${base}?watch=1&resourceVersion=abc`, `${base}/a?resourceVersion=abc`]) {
      const { status, body } = await json(path);
      assert.deepEqual([status, body.message], [500, wrong]);
    }
    const list = await json(`${base}?resourceVersion=abc`);
    assert.deepEqual([list.status, list.body.message], [400, `invalid resource version: ${wrong}`]);
  });

  it('knows no watch parameter where one object is read', async () => {
    const { fetch, json } = testApp();
    await fetch(base, sending('POST', configMap('a')));
    const { body } = await json(`${base}/a?watch=1`);
    assert.equal(body.kind, 'ConfigMap');
  });

  it('ends with a bookmark when its time is over', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { fetch, store } = testApp();
    const watch = events(await fetch(`${base}?watch=1&allowWatchBookmarks=true&timeoutSeconds=5`));
    assert.ok((await watch.next())?.object.metadata.annotations);
    t.mock.timers.tick(5000);
    const last = await watch.next();
    assert.deepEqual([last?.type, last?.object.metadata], ['BOOKMARK', { resourceVersion: String(store.revision) }]);
    assert.equal(await watch.next(), undefined);
  });

  it('says column names in the first Table only', async () => {
    const { fetch } = testApp();
    await fetch(base, sending('POST', configMap('a')));
    await fetch(base, sending('POST', configMap('b')));
    const watch = events(await fetch(`${base}?watch=1`, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } }));
    const [first, second] = [await watch.next(), await watch.next()];
    assert.deepEqual([first?.object.kind, first?.object.rows?.[0]?.object.metadata.name], ['Table', 'a']);
    assert.ok(Array.isArray(first?.object.columnDefinitions));
    assert.equal(second?.object.columnDefinitions, null);
    await watch.cancel();
  });

  it('watches one object by its path and metadata alone', async () => {
    const { fetch } = testApp();
    for (const name of ['a', 'b']) await fetch(base, sending('POST', configMap(name)));
    const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
    const watch = events(await fetch('/api/v1/watch/namespaces/default/configmaps/b', { headers: { accept } }));
    assert.equal(short(await watch.next()), 'ADDED PartialObjectMetadata b');
    await watch.cancel();
  });

  it('frames protobuf', async () => {
    const { fetch, options } = testApp();
    await fetch(base, sending('POST', configMap('a')));
    const response = await fetch(`${base}?watch=1`, { headers: { accept: 'application/vnd.kubernetes.protobuf;stream=watch' } });
    assert.equal(response.headers.get('content-type'), 'application/vnd.kubernetes.protobuf;stream=watch');
    assert.ok(response.body);
    const reader = response.body.getReader();
    const { value } = await reader.read();
    const bytes = Buffer.from(value ?? []);
    assert.equal(bytes.readUInt32BE(0), bytes.length - 4);
    const object = options.codec.decode(bytes.subarray(bytes.indexOf('k8s\0')), { apiVersion: '', kind: '' });
    assert.equal(object.kind, 'ConfigMap');
    await reader.cancel();
  });

  it('answers an expired version with an ERROR event', async () => {
    const { options } = testApp();
    const fail = (): never => {
      throw statusErrors.expired('too old resource version: 1 (5)');
    };
    const registry = new Proxy(options.registry, { get: (target, name) => (name === 'watch' ? fail : Reflect.get(target, name, target)) });
    const { fetch } = testApp({ registry });
    const response = await fetch(`${base}?watch=1&resourceVersion=1`);
    assert.equal(response.status, 200);
    const watch = events(response);
    const event = await watch.next();
    assert.deepEqual([event?.type, event?.object.kind, event?.object.code], ['ERROR', 'Status', 410]);
    assert.equal(await watch.next(), undefined);
  });

  it('refuses bad options before it starts', async () => {
    const { json } = testApp();
    const { status, body } = await json(`${base}?watch=1&sendInitialEvents=true`);
    assert.equal(status, 422);
    assert.match(String(body.message), /sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/);
  });

  it('ends all watches at shutdown', async () => {
    const { fetch, app } = testApp();
    const watch = events(await fetch(`${base}?watch=1`));
    app.server.watches.shutDown();
    assert.equal(await watch.next(), undefined);
    assert.equal(app.server.watches.size, 0);
  });
});

describe('WatchStream', () => {
  const { options, store } = testApp();
  const kind = options.registry.kinds.byResource('', 'v1', 'configmaps');
  assert.ok(kind);
  const form: FrameForm = {
    target: { kind },
    representation: { mediaType: 'application/json', transform: undefined, transformVersion: '', pretty: false },
    includeObject: 'Metadata',
  };

  function slowSink() {
    const written: Buffer[] = [];
    const state = { full: false, ended: false, destroyed: false, drain: (): void => undefined };
    const sink: WatchSink = {
      write: (chunk) => {
        written.push(Buffer.from(chunk));
        return !state.full;
      },
      onDrain: (callback) => {
        state.drain = callback;
      },
      onClose: () => undefined,
      end: () => {
        state.ended = true;
      },
      destroy: () => {
        state.destroyed = true;
      },
    };
    return { sink, state, written };
  }

  const someEvents = async (count: number): Promise<readonly WatchOutput[]> => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', uid: '1', resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z' },
    };
    const entry = await store.write({ key: 'configmaps/default/a', object });
    return Array.from({ length: count }, () => ({ type: 'MODIFIED', entry }) as const);
  };

  it('encodes an event once for all watchers of a form', async () => {
    const cache = new FrameCache({ codec: options.codec, columns: new TableColumns(() => []), served: new ServedEntries(), now: () => 0 });
    const batch = await someEvents(2);
    const [event] = batch;
    assert.ok(event);
    const frames = cache.of(form);
    assert.equal(frames, cache.of({ ...form }));
    assert.equal(frames.ofOutput(event, false), frames.ofOutput(event, false));
    assert.equal(frames.ofBatch(batch), frames.ofBatch(batch));
    assert.equal(frames.ofBatch([event]), frames.ofOutput(event, false));
    assert.notEqual(cache.of({ ...form, includeObject: 'None' }), frames);
  });

  it('holds events back while the client is slow, and goes on in order', async () => {
    const { sink, state, written } = slowSink();
    const stream = new WatchStream(
      new FrameCache({ codec: options.codec, columns: new TableColumns(() => []), served: new ServedEntries(), now: () => 0 }).of(form),
      { allowBookmarks: true },
    );
    stream.open(sink, () => undefined);
    state.full = true;
    stream.push(await someEvents(1));
    stream.push(await someEvents(3));
    stream.bookmark(9);
    assert.equal(written.length, 1);
    state.full = false;
    state.drain();
    assert.equal(Buffer.concat(written).toString('utf8').split('\n').length - 1, 4);
  });

  it('cuts a client off that falls too far behind', async () => {
    const { sink, state } = slowSink();
    const stream = new WatchStream(
      new FrameCache({ codec: options.codec, columns: new TableColumns(() => []), served: new ServedEntries(), now: () => 0 }).of(form),
      { allowBookmarks: false },
    );
    stream.open(sink, () => undefined);
    state.full = true;
    stream.push(await someEvents(1));
    stream.push(await someEvents(10_000));
    assert.equal(state.destroyed, false);
    stream.push(await someEvents(1));
    assert.equal(state.destroyed, true);
  });

  it('ends alone when its events cannot be sent', async () => {
    const errors: unknown[] = [];
    const cache = new FrameCache({ codec: options.codec, columns: new TableColumns(() => []), served: new ServedEntries(), now: () => 0 });
    const stream = new WatchStream(cache.of(form), { allowBookmarks: false, onError: (error) => errors.push(error) });
    const { sink, state } = slowSink();
    const bug = new Error('bug');
    let broken = false;
    const write: WatchSink['write'] = (chunk) => {
      if (broken) throw bug;
      return sink.write(chunk);
    };
    stream.open({ ...sink, write }, () => undefined);
    stream.push(await someEvents(1));
    broken = true;
    stream.push(await someEvents(1));
    stream.push(await someEvents(1));
    assert.deepEqual(errors, [bug]);
    assert.equal(state.destroyed, true);
  });
});
