import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { Agent, request } from 'node:https';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { FaultOrder } from '../../../api/faults/fault-order.ts';
import type { JsonValue } from '../../../api/json.ts';
import { configMap as configMapKind } from '../../../api/kinds/core/config-map.ts';
import type { Clock } from '../../../client/clock.ts';
import { FakeClock } from '../../../client/fake-clock.ts';
import { createHttpClient } from '../../../client/http-client.ts';
import { createInformerFactory } from '../../../client/informer-factory.ts';
import { FaultControl } from '../../../cluster/faults/fault-control.ts';
import { FaultRules } from '../../../cluster/faults/fault-rules.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import type { AppOptions } from '../app.ts';
import { AuditPolicy } from '../audit/audit-policy.ts';
import { configMap, sending, silentLogger, testApp } from '../test-app.ts';
import { start } from '../test-server.ts';

const base = '/api/v1/namespaces/default/configmaps';
const merge = { 'content-type': 'application/merge-patch+json' };

/** An app over a store whose faults `add` makes. The clock of the cluster is the one that tests move. */
function faulty(more: Partial<AppOptions> = {}, clock: Clock = new FakeClock()) {
  const store = createMemoryStore();
  const rules = new FaultRules({ store, clock });
  const app = testApp({ faults: rules, metrics: [rules], clock, ...more }, store);
  const control = new FaultControl({ rules, kinds: () => app.kinds.all, simulated: true, log: silentLogger });
  // Orders are JSON.
  const add = (order: FaultOrder) => control.add(order as unknown as JsonValue);
  return { ...app, rules, control, add };
}

const put = (name: string, data: Record<string, string> = {}): RequestInit => sending('PUT', configMap(name, data));

describe('a fault of requests', () => {
  it('answers a conflict as an update that came too late, and changes nothing', async () => {
    const { json, add } = faulty();
    await json(base, sending('POST', configMap('a', { key: 'old' })));
    add({ fault: '409', resources: ['configmaps'] });
    const { status, body } = await json(`${base}/a`, put('a', { key: 'new' }));
    assert.equal(status, 409);
    assert.deepEqual(body, {
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Conflict', code: 409 },
      message:
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      details: { name: 'a', kind: 'configmaps' },
    });
    assert.deepEqual((await json(`${base}/a`)).body.data, { key: 'old' });
    assert.equal((await json(base, sending('POST', configMap('b')))).status, 201);
  });

  it('answers 429 as priority and fairness does: a text and Retry-After', async () => {
    const { fetch, add } = faulty();
    add({ fault: 'too-many-requests', times: 1 });
    const response = await fetch(base);
    assert.equal(response.status, 429);
    assert.equal(response.headers.get('retry-after'), '1');
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(await response.text(), 'Too many requests, please try again later.\n');
    assert.equal((await fetch(base)).status, 200);
    add({ fault: 'too-many-requests', retryAfter: 7, message: 'later' });
    const other = await fetch(base);
    assert.deepEqual([other.headers.get('retry-after'), await other.text()], ['7', 'later\n']);
  });

  it('answers 500 as an InternalError, which is no error of the server', async () => {
    const logged: string[] = [];
    const logger = { ...testApp().options.logger, error: (message: string): void => void logged.push(message) };
    const { fetch, json, add } = faulty({ logger });
    add({ fault: 'internal-error', name: 'plain', times: 1 });
    const response = await fetch(base);
    assert.deepEqual([response.status, response.headers.get('retry-after')], [500, null]);
    assert.deepEqual(await response.json(), {
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'InternalError', code: 500 },
      message: 'Internal error occurred: etcdserver: request timed out',
      details: { causes: [{ message: 'etcdserver: request timed out' }] },
    });
    add({ fault: '500', message: 'out of order', retryAfter: 3 });
    const { body } = await json(base);
    assert.equal(body.message, 'Internal error occurred: out of order');
    assert.equal((body.details as { retryAfterSeconds: number }).retryAfterSeconds, 3);
    assert.deepEqual(logged, []);
  });

  it('answers 503 as a server that shuts down', async () => {
    const { fetch, add } = faulty({
      classify: () => ({ flowSchema: 'a', priorityLevel: 'b', flowSchemaUid: '1', priorityLevelUid: '2' }),
    });
    add({ fault: 'unavailable' });
    const response = await fetch(base);
    assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '1']);
    assert.equal(response.headers.get('x-kubernetes-pf-flowschema-uid'), null);
    assert.deepEqual(await response.json(), {
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'ServiceUnavailable', code: 503 },
      message: 'apiserver is shutting down',
    });
  });

  it('delays the answer within its range, the same way each time', async () => {
    const waits = async (seed: number): Promise<readonly number[]> => {
      const clock = new FakeClock();
      const { fetch, add } = faulty({}, clock);
      add({ fault: 'delay', delay: '100ms..2s', seed });
      const found: number[] = [];
      for (let i = 0; i < 4; i++) {
        let answered = false;
        const from = clock.now();
        const pending = fetch(base).finally(() => {
          answered = true;
        });
        for (;;) {
          await turn();
          await turn();
          if (answered) break;
          clock.advance(1);
        }
        await pending;
        found.push(clock.now() - from);
      }
      return found;
    };
    const [first, again, other] = [await waits(1), await waits(1), await waits(2)];
    assert.deepEqual(first, again);
    assert.notDeepEqual(first, other);
    assert.ok(first.every((ms) => ms >= 100 && ms <= 2001));
  });

  it('answers 504 when the delay is longer than a request may take', async () => {
    const clock = new FakeClock();
    const { json, add } = faulty({}, clock);
    add({ fault: 'delay', delay: '1h' });
    const pending = json(base);
    for (let s = 0; s < 62; s++) {
      await turn();
      clock.advance(1000);
    }
    const { status, body } = await pending;
    assert.deepEqual([status, body.reason], [504, 'Timeout']);
  });

  it('comes after the request has been carried out when it is late', async () => {
    const { json, fetch, add, rules } = faulty();
    add({ fault: 'internal-error', name: 'lost', verbs: ['create'], late: true });
    assert.equal((await json(base, sending('POST', configMap('a')))).status, 500);
    assert.equal((await json(`${base}/a`)).status, 200);
    // The error of a request that fails anyway is lost, too.
    assert.equal((await json(base, sending('POST', configMap('a')))).status, 500);
    rules.remove('lost');
    assert.equal((await json(base, sending('POST', configMap('a')))).status, 409);
    add({ fault: 'reset', late: true });
    const watch = await fetch(`${base}?watch=1`);
    assert.equal(watch.status, 200);
    await watch.body?.cancel();
  });

  it('strikes the share of requests that its seed says, and another with another seed', async () => {
    const struck = async (seed: number): Promise<string> => {
      const { fetch, add } = faulty();
      add({ fault: '500', share: '30%', seed });
      let found = '';
      for (let i = 0; i < 200; i++) found += (await fetch(`${base}/a`)).status === 500 ? 'x' : '.';
      return found;
    };
    const [first, again, other] = [await struck(1), await struck(1), await struck(2)];
    assert.equal(first, again);
    assert.notEqual(first, other);
    const count = first.replaceAll('.', '').length;
    assert.ok(count > 40 && count < 80, `${count} of 200 were struck`);
  });

  it('lets requests pass before, and ends after its times or its time', async () => {
    const clock = new FakeClock();
    const { fetch, add, rules } = faulty({}, clock);
    const codes = async (count: number): Promise<readonly number[]> => {
      const found: number[] = [];
      for (let i = 0; i < count; i++) found.push((await fetch(`${base}/a`)).status);
      return found;
    };
    add({ fault: '500', skip: 1, times: 2 });
    assert.deepEqual(await codes(5), [404, 500, 500, 404, 404]);
    assert.deepEqual([rules.show().rules[0]?.state, rules.requests], ['spent', undefined]);
    add({ fault: '503', for: '10m' });
    assert.deepEqual(await codes(1), [503]);
    clock.advance(600_000);
    assert.deepEqual(await codes(1), [404]);
    assert.deepEqual([rules.show().rules[1]?.state, rules.requests], ['over', undefined]);
  });

  it('spares the control endpoint, and tools of minik unless a rule names them', async () => {
    const { fetch, add } = faulty();
    add({ fault: '500', paths: ['*'] });
    assert.equal((await fetch('/minik/faults')).status, 404);
    assert.equal((await fetch('/version')).status, 500);
    add({ fault: '503' });
    const as = (agent: string) => fetch(base, { headers: { 'user-agent': agent } });
    assert.deepEqual([(await as('minik run')).status, (await as('minik')).status, (await as('kubectl/v1')).status], [200, 200, 503]);
    add({ fault: '429', userAgents: ['minik*'] });
    assert.equal((await as('minik run')).status, 429);
  });

  it('comes only to those who may do what they ask for', async () => {
    const { json, add } = faulty({ authorizer: { authorize: () => ({ allowed: false, reason: 'no' }) } });
    const { selected } = add({ fault: '500' });
    assert.deepEqual([(await json(base)).status, selected], [403, 0]);
  });

  it('is counted, and recorded in the audit log', async () => {
    const events: { annotations?: Record<string, string>; responseStatus?: { code: number; reason?: string } }[] = [];
    const policy = AuditPolicy.parse(
      'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\nomitStages: [RequestReceived]',
    );
    const { fetch, add, rules } = faulty({ audit: { policy, sink: (line) => void events.push(JSON.parse(line)) } });
    add({ fault: '409', name: 'flaky' });
    add({ fault: 'reset', verbs: ['delete'] });
    await fetch(`${base}/a`, put('a'));
    await fetch(`${base}/a`, { method: 'DELETE' });
    assert.deepEqual(
      events.map(({ annotations, responseStatus }) => [annotations?.['minik.io/faults'], responseStatus?.code, responseStatus?.reason]),
      [
        ['flaky (conflict)', 409, 'Conflict'],
        ['reset-1 (reset)', 500, undefined],
      ],
    );
    const text = await (await fetch('/metrics')).text();
    assert.match(text, /^minik_faults_injected_total\{rule="flaky",fault="conflict"\} 1$/m);
    assert.match(text, /^minik_faults_injected_total\{rule="reset-1",fault="reset"\} 1$/m);
    assert.match(text, /^apiserver_request_total\{.*code="409".*resource="configmaps".*\} 1$/m);
    assert.deepEqual(
      rules.show().injections.map(({ what }) => what),
      ['update configmaps default/a by admin', 'delete configmaps default/a by admin'],
    );
  });
});

describe('a stale read', () => {
  it('shows the state of some time ago: objects, lists, and what was not there yet or is no more', async () => {
    const clock = new FakeClock();
    const { json, add, rules } = faulty({}, clock);
    const names = async (query = '') =>
      ((await json(`${base}${query}`)).body.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
    await json(base, sending('POST', configMap('a', { key: '1' })));
    await json(base, sending('POST', configMap('gone')));
    add({ fault: 'stale-read', age: '10s' });
    clock.advance(5000);
    await json(`${base}/a`, { ...sending('PATCH', { data: { key: '2' } }), headers: merge });
    const { body: created } = await json(base, sending('POST', configMap('new')));
    await json(`${base}/gone`, { method: 'DELETE' });
    const { body } = await json(`${base}/a`);
    assert.deepEqual(body.data, { key: '1' });
    assert.equal((await json(`${base}/new`)).status, 404);
    assert.equal((await json(`${base}/gone`)).status, 200);
    assert.deepEqual(await names(), ['a', 'gone']);
    assert.deepEqual(await names('?resourceVersion=0'), ['a', 'gone']);
    assert.deepEqual(await names('?limit=1'), ['a']);
    // Not older than what is asked for.
    const { resourceVersion } = created.metadata as { resourceVersion: string };
    assert.deepEqual(await names(`?resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`), ['a', 'gone', 'new']);
    clock.advance(10_000);
    assert.deepEqual((await json(`${base}/a`)).body.data, { key: '2' });
    assert.deepEqual(await names(), ['a', 'new']);
    rules.removeAll();
  });

  it('lacks so many changes', async () => {
    const { json, add } = faulty();
    await json(base, sending('POST', configMap('a', { key: '0' })));
    add({ fault: 'stale-read', revisions: 2, verbs: ['get'] });
    for (const key of ['1', '2', '3']) await json(`${base}/a`, put('a', { key }));
    assert.deepEqual((await json(`${base}/a`)).body.data, { key: '1' });
  });

  it('keeps to one state over the pages of a list', async () => {
    const { json, add } = faulty();
    for (const name of ['a', 'b', 'c']) await json(base, sending('POST', configMap(name)));
    add({ fault: 'stale-read', revisions: 1 });
    const first = (await json(`${base}?limit=1`)).body.metadata as { continue: string; resourceVersion: string };
    await json(`${base}/b`, { method: 'DELETE' });
    const { body } = await json(`${base}?continue=${first.continue}`);
    assert.deepEqual(
      (body.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name),
      ['b'],
    );
  });
});

/** The types and names of what a watch is sent until it ends. */
async function watched(response: Response): Promise<readonly string[]> {
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const { type, object } = JSON.parse(line) as { type: string; object: { code?: number; metadata: { name?: string } } };
    return `${type} ${object.metadata.name ?? object.code ?? ''}`.trim();
  });
}

describe('a fault of watches', () => {
  it('ends them after so many events, or after some time', async () => {
    const clock = new FakeClock();
    const { fetch, json, add, rules } = faulty({}, clock);
    for (const name of ['a', 'b']) await json(base, sending('POST', configMap(name)));
    add({ fault: 'watch-close', name: 'events', events: 3 });
    const counted = await fetch(`${base}?watch=1`);
    for (const name of ['c', 'd']) await json(base, sending('POST', configMap(name)));
    assert.deepEqual(await watched(counted), ['ADDED a', 'ADDED b', 'ADDED c']);
    rules.remove('events');
    add({ fault: 'watch-close', after: '10s' });
    const timed = await fetch(`${base}?watch=1`);
    clock.advance(10_000);
    await json(base, sending('POST', configMap('e')));
    assert.deepEqual(await watched(timed), ['ADDED a', 'ADDED b', 'ADDED c', 'ADDED d']);
    rules.removeAll();
    add({ fault: 'watch-close', events: 1 });
    assert.deepEqual(await watched(await fetch(`${base}?watch=1`)), ['ADDED a']);
  });

  it('holds back events and bookmarks until the rule has gone', async () => {
    const clock = new FakeClock();
    const { fetch, json, add, rules, app } = faulty({}, clock);
    add({ fault: 'watch-silence', events: 1 });
    const response = await fetch(`${base}?watch=1&allowWatchBookmarks=true&resourceVersion=1&timeoutSeconds=30`);
    for (const name of ['a', 'b', 'c']) await json(base, sending('POST', configMap(name)));
    assert.equal(app.server.watches.size, 1);
    rules.removeAll();
    await json(base, sending('POST', configMap('d')));
    clock.advance(30_000);
    assert.deepEqual(await watched(response), ['ADDED a', 'ADDED b', 'ADDED c', 'ADDED d', 'BOOKMARK']);
  });

  it('sends no bookmark that would overtake what is held back', async () => {
    const clock = new FakeClock();
    const { fetch, json, add } = faulty({}, clock);
    add({ fault: 'watch-silence', events: 1 });
    const response = await fetch(`${base}?watch=1&allowWatchBookmarks=true&resourceVersion=1&timeoutSeconds=30`);
    for (const name of ['a', 'b']) await json(base, sending('POST', configMap(name)));
    clock.advance(30_000);
    assert.deepEqual(await watched(response), ['ADDED a']);
  });

  it('answers a watch that resumes with 410 in an ERROR event, and a list that continues with 410', async () => {
    const { fetch, json, add, store } = faulty();
    for (const name of ['a', 'b']) await json(base, sending('POST', configMap(name)));
    const { metadata } = (await json(`${base}?limit=1`)).body as { metadata: { continue: string } };
    add({ fault: 'expired' });
    const response = await fetch(`${base}?watch=1&resourceVersion=2`);
    assert.equal(response.status, 200);
    const { type, object } = JSON.parse(await response.text()) as { type: string; object: Record<string, unknown> };
    assert.deepEqual(
      [type, object],
      [
        'ERROR',
        {
          ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason: 'Expired', code: 410 },
          message: `too old resource version: 2 (${store.revision})`,
        },
      ],
    );
    const list = await json(`${base}?limit=1&continue=${metadata.continue}`);
    assert.deepEqual([list.status, list.body.reason], [410, 'Expired']);
    assert.ok((list.body.metadata as { continue?: string }).continue);
    const fresh = await fetch(`${base}?watch=1`);
    await fresh.body?.cancel();
    assert.deepEqual([fresh.status, (await json(base)).status], [200, 200]);
  });
});

describe('a connection that a fault resets', () => {
  const failureOf = (url: string, options: object): Promise<NodeJS.ErrnoException> =>
    new Promise((resolve, reject) => {
      const outgoing = request(url, options);
      outgoing.on('error', resolve).on('response', (response: IncomingMessage) => reject(new Error(`answered ${response.statusCode}`)));
      outgoing.end();
    });

  async function served(t: TestContext) {
    const clock = new FakeClock();
    const store = createMemoryStore();
    const rules = new FaultRules({ store, clock });
    const running = await start(t, { faults: rules });
    const control = new FaultControl({
      rules,
      kinds: () => running.server.app.server.registry.kinds.all,
      simulated: true,
      log: silentLogger,
    });
    return { ...running, rules, add: (order: FaultOrder) => control.add(order as unknown as JsonValue) };
  }

  it('is reset by TCP over HTTP/1.1', async (t) => {
    const { server, identity, add } = await served(t);
    add({ fault: 'reset', times: 1 });
    const error = await failureOf(`${server.url}${base}`, { ...identity, agent: new Agent() });
    assert.equal(error.code, 'ECONNRESET');
    // Not the end of the stream, for which Node says so.
    assert.notEqual(error.message, 'socket hang up');
  });

  it('has one stream reset over HTTP/2, and goes on', async (t) => {
    const { server, identity, add } = await served(t);
    add({ fault: 'reset', times: 1 });
    const session: ClientHttp2Session = connect(server.url, identity);
    t.after(() => session.close());
    const struck = session.request({ ':path': base });
    const [error] = (await once(struck, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ERR_HTTP2_STREAM_ERROR');
    assert.equal(struck.rstCode, constants.NGHTTP2_INTERNAL_ERROR);
    const next = session.request({ ':path': base });
    const [headers] = (await once(next, 'response')) as [Record<string, unknown>];
    next.resume();
    assert.equal(headers[':status'], 200);
  });

  it('is reset within a watch, after the events that come before', async (t) => {
    const { server, identity, fetch, add } = await served(t);
    await fetch(base, sending('POST', configMap('a')));
    add({ fault: 'watch-reset', events: 1 });
    const outgoing = request(`${server.url}${base}?watch=1`, { ...identity, agent: new Agent() });
    const failed = once(outgoing, 'error');
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    response.on('data', (chunk) => {
      text += String(chunk);
    });
    response.on('error', () => undefined);
    const [error] = (await failed) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    assert.match(text, /"type":"ADDED"/);
  });

  it('is reset when it was about to become a stream', async (t) => {
    const { server, identity, add } = await served(t);
    add({ fault: 'reset', resources: ['pods/exec'] });
    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': '13' };
    const path = '/api/v1/namespaces/default/pods/a/exec?command=true&stdout=true';
    assert.equal((await failureOf(`${server.url}${path}`, { ...identity, headers, agent: new Agent() })).code, 'ECONNRESET');
  });

  it('and every other fault of watches leaves an informer with what there is', async (t) => {
    const { server, identity, fetch, rules, add } = await served(t);
    const client = createHttpClient({
      ...{ server: server.url, certificateAuthority: identity.ca, clientCertificate: identity.cert, clientKey: identity.key },
      userAgent: 'operator',
    });
    const stop = new AbortController();
    t.after(() => {
      stop.abort();
      client.close();
    });
    for (const fault of ['watch-close', 'watch-reset'] as const) add({ fault, events: 2, share: '50%', times: 4, seed: 3 });
    add({ fault: 'expired', times: 2 });
    add({ fault: 'internal-error', verbs: ['list'], times: 1 });
    const informer = createInformerFactory({ client, signal: stop.signal }).informer(configMapKind);
    await informer.synced();
    const names = Array.from({ length: 20 }, (_, i) => `m${i}`);
    const all = new Promise<void>((resolve) => {
      const seen = new Set<string>();
      informer.addHandlers({ added: ({ metadata }) => void (seen.add(metadata.name).size === names.length && resolve()) });
    });
    for (const name of names) {
      await fetch(base, sending('POST', configMap(name)));
      await turn();
    }
    await all;
    assert.ok(rules.show().rules.some(({ struck }) => struck > 0));
  });
});
