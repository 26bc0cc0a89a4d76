import assert from 'node:assert/strict';
import http from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { JsonValue } from '../../../api/json.ts';
import { BehaviourRules, readRules } from '../../../api/simulated/rules.ts';
import { ClusterClock } from '../../../client/cluster-clock.ts';
import { FakeClock } from '../../../client/fake-clock.ts';
import type { ContainerConfig } from '../container-runtime.ts';
import { aContainer, aSandbox, readLog } from '../runtime-test-support.ts';
import { createSimulatedRuntime } from './create-simulated-runtime.ts';
import { maxLogEntries } from './log-buffer.ts';

const startMs = Date.UTC(2026, 0, 1);
const rulesOf = (...rules: JsonValue[]) => {
  const read = readRules({ apiVersion: 'simulated.minik.io/v1', kind: 'Behaviours', rules });
  assert.deepEqual(read.errors, []);
  return read.rules;
};

interface Start {
  readonly annotations?: Record<string, string>;
  readonly rules?: readonly JsonValue[];
  readonly image?: string;
  readonly command?: readonly string[];
  readonly pod?: Partial<Pod['spec']> & { readonly metadata?: Partial<Pod['metadata']> };
  readonly config?: Partial<ContainerConfig>;
}

/** A container `main` that has been started on a clock that only the test moves. */
async function start({ annotations = {}, rules = [], image = 'registry.example/shop/app:1', command = [], pod, config }: Start) {
  const clock = new FakeClock();
  const set = new BehaviourRules(rulesOf(...rules));
  const state = { annotations };
  const podOf = (): Pod => {
    const { metadata, ...spec } = pod ?? {};
    // As much of a pod as is read.
    return {
      metadata: { annotations: state.annotations, ...metadata },
      spec: { containers: [{ name: 'main' }], ...spec },
    } as unknown as Pod;
  };
  const runtime = createSimulatedRuntime({ clock, rules: set, podOf });
  const sandbox = await runtime.sandboxes.run(aSandbox());
  await runtime.images.pull(image, undefined, new AbortController().signal);
  const run = async (change: Partial<ContainerConfig> = {}): Promise<string> => {
    const id = await runtime.containers.create(aContainer(sandbox, image, command, { ...config, ...change }));
    await runtime.containers.start(id);
    return id;
  };
  const id = await run();
  const view = async () => (await runtime.containers.inspect(id)) ?? assert.fail('it is gone');
  return { clock, runtime, rules: set, state, sandbox, id, run, view };
}

const rule = (behaviour: JsonValue, match: JsonValue = {}): JsonValue => ({ name: 'rule', match, behaviour });

async function exec(runtime: Awaited<ReturnType<typeof start>>['runtime'], id: string, command: readonly string[], stdin?: Readable) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runtime.streams.exec(id, { command, tty: false, stdout, stderr, ...(stdin === undefined ? {} : { stdin }) });
  stdout.end();
  stderr.end();
  return [code, await textOf(stdout), await textOf(stderr)];
}

describe('a simulated container', () => {
  it('ends as it is declared, by the annotation of the container, of the pod, or by a rule, in this order', async () => {
    const prefix = 'simulated.minik.io/';
    const { clock, view } = await start({
      rules: [rule({ runFor: '500ms', exitCode: 1, terminationMessage: 'enough' })],
      annotations: { [`${prefix}exit-code`]: '2', [`${prefix}main.exit-code`]: '7' },
    });
    clock.advance(499);
    assert.equal((await view()).state, 'running');
    clock.advance(1);
    const { state, exitCode, reason, terminationMessage } = await view();
    assert.deepEqual([state, exitCode, reason, terminationMessage], ['exited', 7, 'Error', 'enough']);
  });

  it('ends so only as many times as is said, counted over its restarts', async () => {
    const { runtime, run, view } = await start({ rules: [rule({ exitCode: 1, exits: 2 })] });
    assert.equal((await view()).state, 'exited');
    const states = [];
    for (const attempt of [1, 2]) states.push((await runtime.containers.inspect(await run({ attempt })))?.state);
    assert.deepEqual(states, ['exited', 'running']);
  });

  it('keeps what its command line tells, where nothing is said of it', async () => {
    const command = ['sh', '-c', 'echo from the command; sleep 2; exit 3'];
    const { clock, runtime, id, view } = await start({ command, rules: [rule({ log: 'from the rule', termDelay: '1s' })] });
    clock.advance(2000);
    assert.equal((await view()).exitCode, 3);
    assert.equal(await readLog(runtime, id), 'from the rule\n');
  });

  it('ends after a second when it is meant to end and nothing tells what it does', async () => {
    const job = { metadata: { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u' }] } };
    const initial = { containers: [], initContainers: [{ name: 'main' }] as unknown as Pod['spec']['containers'] };
    const sidecar = { containers: [], initContainers: [{ name: 'main', restartPolicy: 'Always' }] as unknown as Pod['spec']['containers'] };
    const hook = { metadata: { annotations: { 'helm.sh/hook': 'test' } } };
    const after = async (ms: number, how: Start): Promise<string> => {
      const { clock, view } = await start(how);
      clock.advance(ms);
      const { state, exitCode } = await view();
      return `${state} ${exitCode}`;
    };
    assert.equal(await after(999, { pod: job }), 'running 0');
    for (const pod of [job, initial, hook]) assert.equal(await after(1000, { pod, command: ['migrate', '--up'] }), 'exited 0');
    for (const pod of [{}, sidecar]) assert.equal(await after(3_600_000, { pod }), 'running 0');
    assert.equal(await after(1000, { pod: job, command: ['sh', '-c', 'sleep 5; exit 4'] }), 'running 0');
    assert.equal(await after(5000, { pod: job, command: ['sh', '-c', 'sleep 5; exit 4'] }), 'exited 4');
    assert.equal(await after(3_600_000, { pod: job, rules: [rule({ defaultRunFor: 'forever' })] }), 'running 0');
    assert.equal(await after(2000, { rules: [rule({ defaultRunFor: '2s' })] }), 'exited 0');
    assert.equal(await after(10_000, { pod: job, rules: [rule({ log: [{ at: '10s', text: 'late' }] })] }), 'running 0');
  });

  it('is chosen by any form of its image', async () => {
    for (const images of [['nginx'], ['nginx:latest'], ['docker.io/library/nginx'], ['*/nginx:*']])
      assert.equal((await (await start({ image: 'nginx', rules: [rule({ exitCode: 9 }, { images })] })).view()).exitCode, 9, images[0]);
    assert.equal(
      (await (await start({ image: 'nginx', rules: [rule({ exitCode: 9 }, { images: ['nginx:1'] })] })).view()).state,
      'running',
    );
  });

  it('writes its lines at their times, to those who follow and to those who read later', async () => {
    const log = [{ text: 'starting' }, { at: '1s', every: '2s', text: 'tick', times: 3 }, { at: '2s', stream: 'stderr', text: 'warning' }];
    const { clock, runtime, id } = await start({ rules: [rule({ log })] });
    const followed = new PassThrough();
    const { signal } = new AbortController();
    const end = runtime.streams.logs(id, { follow: true, timestamps: false, signal }, followed);
    for (let s = 0; s < 10; s++) clock.advance(1000);
    await runtime.containers.stop(id, 0);
    await end;
    followed.end();
    const lines = ['starting', 'tick', 'warning', 'tick', 'tick'];
    assert.deepEqual((await textOf(followed)).trimEnd().split('\n'), lines);
    const read = (await readLog(runtime, id, { timestamps: true })).trimEnd().split('\n');
    const began = Date.parse(read[0]?.split(' ')[0] ?? '');
    assert.deepEqual(
      read.map((line) => [(Date.parse(line.split(' ')[0] ?? '') - began) / 1000, line.split(' ')[1]]),
      [
        [0, 'starting'],
        [1, 'tick'],
        [2, 'warning'],
        [3, 'tick'],
        [5, 'tick'],
      ],
    );
    assert.equal(await readLog(runtime, id, { stream: 'stderr' }), 'warning\n');
  });

  it('answers commands, by their words', async () => {
    const { clock, runtime, id } = await start({
      rules: [
        rule({
          exec: [
            { command: 'psql -c *', stdout: '1 row\n', stderr: 'notice\n', exitCode: 2 },
            { command: 'slow', stdout: 'done', delay: '3s' },
            { command: 'tee *', stdout: '> ', echo: true },
          ],
        }),
      ],
    });
    assert.deepEqual(await exec(runtime, id, ['psql', '-c', 'select 1']), [2, '1 row\n', 'notice\n']);
    assert.deepEqual(await exec(runtime, id, ['echo', 'as ever']), [0, 'as ever\n', '']);
    const slow = exec(runtime, id, ['slow']);
    clock.advance(3000);
    assert.deepEqual(await slow, [0, 'done', '']);
    const stdin = new PassThrough();
    stdin.end('what it is told');
    assert.deepEqual(await exec(runtime, id, ['tee', 'file'], stdin), [0, '> what it is told', '']);
  });
});

describe('the ports of a simulated pod', () => {
  const ask = async (
    runtime: Awaited<ReturnType<typeof start>>['runtime'],
    id: string,
    path: string,
    { port = 80, method = 'GET' } = {},
  ) => {
    const connection = (await runtime.streams.connect?.(id, port)) ?? assert.fail('no connection');
    const response = await new Promise<http.IncomingMessage>((resolve, reject) =>
      http
        .request({ createConnection: () => connection, path, method }, resolve)
        .on('error', reject)
        .end(method === 'POST' ? 'a body' : undefined),
    );
    return { status: response.statusCode, headers: response.headers, body: await textOf(response) };
  };

  it('give the answers that are declared, and 200 otherwise', async () => {
    const { clock, runtime, id, rules } = await start({
      rules: [
        rule({
          http: [
            { path: '/healthz', status: 503, body: 'down', headers: { 'Retry-After': '7' } },
            { port: 81, method: 'post', status: 201 },
            { port: 82, refuse: true },
            { path: '/slow', body: 'at last', delay: '5s' },
          ],
        }),
      ],
    });
    const { status, headers, body } = await ask(runtime, id, '/healthz?verbose');
    assert.deepEqual([status, headers['retry-after'], body], [503, '7', 'down']);
    assert.match((await ask(runtime, id, '/')).body, /^simulated pod default\/pod-/);
    assert.deepEqual(
      [(await ask(runtime, id, '/', { port: 81, method: 'POST' })).status, (await ask(runtime, id, '/', { port: 81 })).status],
      [201, 200],
    );
    assert.equal((await ask(runtime, id, '/healthz', { method: 'HEAD' })).body, '');
    await assert.rejects(ask(runtime, id, '/', { port: 82 }), { code: 'ECONNREFUSED' });
    const slow = ask(runtime, id, '/slow');
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(5000);
    assert.equal((await slow).body, 'at last');
    rules.set(rulesOf(rule({ http: [{ status: 404 }] })));
    assert.equal((await ask(runtime, id, '/healthz')).status, 404, 'rules count as they are now');
    await runtime.containers.stop(id, 0);
    await assert.rejects(ask(runtime, id, '/'), { code: 'ECONNREFUSED' });
  });

  it('are those of the containers that declare them', async () => {
    const containers = [
      { name: 'main', ports: [{ containerPort: 80 }] },
      { name: 'side', ports: [{ containerPort: 81 }] },
    ] as unknown as Pod['spec']['containers'];
    const { runtime, id, run } = await start({
      pod: { containers },
      annotations: { 'simulated.minik.io/main.http': '[{body: main}]', 'simulated.minik.io/side.http': '[{body: side}]' },
    });
    await run({ name: 'side' });
    assert.equal((await ask(runtime, id, '/')).body, 'main');
    assert.equal((await ask(runtime, id, '/', { port: 81 })).body, 'side');
    assert.equal((await ask(runtime, id, '/', { port: 82 })).body, 'main');
  });
});

describe('what a simulated container uses, and how it is', () => {
  it('follows its age, and what is declared now', async () => {
    const { clock, runtime, id, state } = await start({ rules: [rule({ cpu: { '0s': '100m', '10s': '1' }, memory: { '5s': '64Mi' } })] });
    const usage = async () => {
      const { cpuUsageNs, memoryWorkingSetBytes, writableLayerBytes } = await runtime.containers.stats(id);
      return [cpuUsageNs / 1e6, memoryWorkingSetBytes / 1024 ** 2, writableLayerBytes];
    };
    clock.advance(4000);
    assert.deepEqual(await usage(), [400, 1, 0]);
    clock.advance(8000);
    assert.deepEqual(await usage(), [1000 + 2000, 64, 0]);
    state.annotations = { 'simulated.minik.io/cpu': '250m', 'simulated.minik.io/ephemeral-storage': '1k' };
    clock.advance(4000);
    assert.deepEqual(await usage(), [4000, 64, 1000]);
    await runtime.containers.stop(id, 0);
    await runtime.containers.start(id);
    assert.deepEqual(await usage(), [0, 1, 1000], 'counts from the start again');
  });

  it('is told to probes, whatever their action', async () => {
    const { clock, runtime, id, state } = await start({ rules: [rule({ ready: '30s', live: { '10m': false } })] });
    const found = () => [
      runtime.streams.health?.(id, 'startup'),
      runtime.streams.health?.(id, 'readiness'),
      runtime.streams.health?.(id, 'liveness'),
    ];
    assert.deepEqual(found(), [undefined, false, undefined]);
    clock.advance(30_000);
    assert.deepEqual(found(), [undefined, true, undefined]);
    clock.advance(570_000);
    assert.deepEqual(found(), [undefined, true, false]);
    state.annotations = { 'simulated.minik.io/live': 'true', 'simulated.minik.io/started': 'false' };
    assert.deepEqual(found(), [false, true, true]);
  });
});

describe('a clock that is advanced', () => {
  const settled = async (): Promise<void> => undefined;

  it('stops where what is declared of a container changes, once somebody has asked for it', async () => {
    const clock = new ClusterClock({ state: { frozenAtMs: startMs } });
    const runtime = createSimulatedRuntime({ clock, rules: new BehaviourRules(rulesOf(rule({ live: { '1h': false, '2h': true } }))) });
    const sandbox = await runtime.sandboxes.run(aSandbox());
    await runtime.images.pull('app:1', undefined, new AbortController().signal);
    const id = await runtime.containers.create(aContainer(sandbox, 'app:1', []));
    await runtime.containers.start(id);
    assert.equal(clock.nextTimerAt, undefined);
    runtime.streams.health?.(id, 'liveness');
    runtime.streams.health?.(id, 'liveness');
    assert.deepEqual([clock.nextTimerAt, clock.pendingTimers], [startMs + 3_600_000, 1]);
    await clock.advanceTo(startMs + 3_600_000, { settled });
    runtime.streams.health?.(id, 'liveness');
    assert.equal(clock.nextTimerAt, startMs + 7_200_000);
    await runtime.containers.stop(id, 0);
    assert.equal(clock.pendingTimers, 0);
  });

  it('writes a year of lines that repeat at once, each with its time, as many as a log keeps', async () => {
    const clock = new ClusterClock({ state: { frozenAtMs: startMs } });
    const log = [
      { every: '1s', text: 'tick' },
      { at: '90d', text: 'one quarter' },
    ];
    const runtime = createSimulatedRuntime({ clock, rules: new BehaviourRules(rulesOf(rule({ log }))) });
    const sandbox = await runtime.sandboxes.run(aSandbox());
    await runtime.images.pull('app:1', undefined, new AbortController().signal);
    const id = await runtime.containers.create(aContainer(sandbox, 'app:1', []));
    await runtime.containers.start(id);
    const yearMs = 365 * 86_400_000;
    assert.ok((await clock.advanceTo(startMs + yearMs, { settled })) < 5, 'few timers');
    const lines = (await readLog(runtime, id, { timestamps: true })).trimEnd().split('\n');
    assert.ok(lines.length > maxLogEntries / 2 && lines.length <= maxLogEntries + 1, String(lines.length));
    assert.equal(Date.parse(lines.at(-1)?.split(' ')[0] ?? ''), startMs + yearMs);
    assert.equal(Date.parse(lines.at(-2)?.split(' ')[0] ?? ''), startMs + yearMs - 1000);
  });
});
