/**
 * The requirements on every container runtime; run by simulated/simulated-runtime.test.ts and
 * docker/docker-runtime.docker.test.ts.
 */
import assert from 'node:assert/strict';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerConfig, ContainerRuntime, RuntimeEvent, Sandbox } from './container-runtime.ts';
import { aContainer, aSandbox, collector, PLAIN_SECURITY, readLog, untilExit, untilLogged } from './runtime-test-support.ts';

export interface RuntimeHarness {
  /** A prepared runtime of this cluster; all of them use the same engine. */
  runtime(clusterId: string): Promise<ContainerRuntime>;
  /** An image with busybox's commands that is on the engine. */
  readonly image: string;
  /** A program (absent from the image) whose start must fail. */
  readonly missingProgram: string;
  /** A command that echoes each connection's bytes on this TCP port. */
  echoServer(port: number): readonly string[];
  close(): Promise<void>;
}

const FOREVER = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'];
/**
 * The same, but it prints a line when it is ready for the signal: before that, the kernel ignores the signal for the
 * first process of a container.
 */
const FOREVER_TOLD = ['sh', '-c', 'trap "exit 0" TERM; echo ready; sleep 3600 & wait'];

export function containerRuntimeContract(name: string, start: () => Promise<RuntimeHarness>): void {
  describe(`${name} container runtime`, { timeout: 300_000 }, () => {
    let harness: RuntimeHarness;
    let runtime: ContainerRuntime;
    before(async () => {
      harness = await start();
      runtime = await harness.runtime('contract-a');
    });
    after(async () => {
      await runtime.destroy();
      await runtime.close();
      await harness.close();
    });
    const launch = async (command: readonly string[], change: Partial<ContainerConfig> = {}): Promise<{ sandbox: Sandbox; id: string }> => {
      const sandbox = await runtime.sandboxes.run(aSandbox());
      const id = await runtime.containers.create(aContainer(sandbox, harness.image, command, change));
      await runtime.containers.start(id);
      return { sandbox, id };
    };
    sandboxTests(() => runtime);
    lifecycleTests(
      () => harness,
      () => runtime,
      launch,
    );
    streamTests(() => runtime, launch);
    attachTests(() => runtime, launch);
    clusterTests(
      () => harness,
      () => runtime,
      launch,
    );
    imageTests(
      () => harness,
      () => runtime,
    );
  });
}

type Launch = (command: readonly string[], change?: Partial<ContainerConfig>) => Promise<{ sandbox: Sandbox; id: string }>;

function sandboxTests(runtime: () => ContainerRuntime): void {
  it('runs a sandbox with an address, labels and annotations, and finds it again', async () => {
    const config = aSandbox();
    const sandbox = await runtime().sandboxes.run(config);
    assert.match(sandbox.ip, /^\d+\.\d+\.\d+\.\d+$/);
    assert.equal(sandbox.state, 'ready');
    assert.deepEqual(sandbox.pod, config.pod);
    assert.ok(sandbox.createdAtMs > 0);
    const inspected = await runtime().sandboxes.inspect(sandbox.id);
    assert.deepEqual(inspected, sandbox);
    const listed = (await runtime().sandboxes.list()).find(({ id }) => id === sandbox.id);
    assert.equal(listed?.ip, sandbox.ip);
    assert.deepEqual(listed?.labels, { app: 'contract' });
    assert.deepEqual(listed?.annotations, { 'example.com/note': 'kept' });
    assert.deepEqual(listed?.pod, config.pod);
  });

  it('returns the existing sandbox for the same pod and attempt', async () => {
    const config = aSandbox();
    const first = await runtime().sandboxes.run(config);
    assert.equal((await runtime().sandboxes.run(config)).id, first.id);
    const next = await runtime().sandboxes.run({ ...config, attempt: 1 });
    assert.notEqual(next.id, first.id);
    assert.equal(next.attempt, 1);
  });

  it('stops and removes a sandbox, twice without complaint', async () => {
    const { id } = await runtime().sandboxes.run(aSandbox());
    await runtime().sandboxes.stop(id);
    await runtime().sandboxes.stop(id);
    const stopped = await runtime().sandboxes.inspect(id);
    assert.equal(stopped?.state, 'notReady');
    assert.equal(stopped?.ip, '');
    await runtime().sandboxes.remove(id);
    await runtime().sandboxes.remove(id);
    await runtime().sandboxes.stop(id);
    assert.equal(await runtime().sandboxes.inspect(id), undefined);
  });

  it('removes a running sandbox', async () => {
    const { id } = await runtime().sandboxes.run(aSandbox());
    await runtime().sandboxes.remove(id);
    assert.equal(await runtime().sandboxes.inspect(id), undefined);
  });

  it('gives a sandbox on the host network no address', async () => {
    const sandbox = await runtime().sandboxes.run(aSandbox({ hostNetwork: true }));
    assert.equal(sandbox.ip, '');
    assert.equal(sandbox.state, 'ready');
  });

  it('refuses a host port that is taken', async () => {
    const portMappings = [{ hostIp: '127.0.0.1', hostPort: 18_473, containerPort: 80, protocol: 'TCP' as const }];
    const first = await runtime().sandboxes.run(aSandbox({ portMappings }));
    const second = aSandbox({ portMappings });
    await assert.rejects(runtime().sandboxes.run(second), { name: 'RuntimeError', code: 'PortInUse' });
    await runtime().sandboxes.remove(first.id);
    assert.equal((await runtime().sandboxes.run(second)).state, 'ready');
  });
}

function lifecycleTests(harness: () => RuntimeHarness, runtime: () => ContainerRuntime, launch: Launch): void {
  it('takes a container from created over running to exited', async () => {
    const sandbox = await runtime().sandboxes.run(aSandbox());
    const config = aContainer(sandbox, harness().image, FOREVER_TOLD);
    const id = await runtime().containers.create(config);
    const created = await runtime().containers.inspect(id);
    assert.equal(created?.state, 'created');
    assert.equal(created?.sandboxId, sandbox.id);
    assert.deepEqual(created?.pod, sandbox.pod);
    assert.equal(created?.name, 'main');
    assert.equal(created?.attempt, 0);
    assert.equal(created?.image, harness().image);
    assert.match(created?.imageId ?? '', /^sha256:/);
    assert.deepEqual(created?.labels, { role: 'test' });
    assert.deepEqual(created?.annotations, { 'io.kubernetes.container.hash': 'abc' });
    await runtime().containers.start(id);
    await runtime().containers.start(id);
    const running = await runtime().containers.inspect(id);
    assert.equal(running?.state, 'running');
    assert.ok((running?.startedAtMs ?? 0) > 0);
    assert.deepEqual(
      (await runtime().containers.list()).find((container) => container.id === id),
      running,
    );
    await untilLogged(runtime(), id, 'ready');
    await runtime().containers.stop(id, 10);
    const exited = await runtime().containers.inspect(id);
    assert.equal(exited?.state, 'exited');
    assert.equal(exited?.exitCode, 0);
    assert.equal(exited?.reason, 'Completed');
    assert.ok((exited?.finishedAtMs ?? 0) >= (exited?.startedAtMs ?? 0));
    assert.deepEqual(
      (await runtime().containers.list()).find((container) => container.id === id),
      exited,
    );
    await runtime().containers.stop(id, 10);
    await runtime().containers.remove(id);
    await runtime().containers.remove(id);
    await runtime().containers.stop(id, 10);
    assert.equal(await runtime().containers.inspect(id), undefined);
  });

  it('reports exit codes', async () => {
    const { id } = await launch(['sh', '-c', 'exit 3']);
    const exited = await untilExit(runtime(), id);
    assert.equal(exited.exitCode, 3);
    assert.equal(exited.reason, 'Error');
  });

  it('kills after the grace period, or at once without one', async () => {
    const stubborn = ['sh', '-c', 'trap "" TERM; sleep 3600'];
    const [slow, fast] = await Promise.all([launch(stubborn), launch(stubborn)]);
    await Promise.all([runtime().containers.stop(slow.id, 1), runtime().containers.stop(fast.id, 0)]);
    assert.equal((await runtime().containers.inspect(slow.id))?.exitCode, 137);
    assert.equal((await runtime().containers.inspect(fast.id))?.exitCode, 137);
  });

  it('returns the existing container for the same name and attempt', async () => {
    const sandbox = await runtime().sandboxes.run(aSandbox());
    const config = aContainer(sandbox, harness().image, FOREVER);
    const id = await runtime().containers.create(config);
    assert.equal(await runtime().containers.create(config), id);
    assert.notEqual(await runtime().containers.create({ ...config, attempt: 1 }), id);
    assert.notEqual(await runtime().containers.create({ ...config, name: 'other' }), id);
  });

  it('tells whom a container is started as', async () => {
    const imageId = (await runtime().images.inspect(harness().image))?.id ?? '';
    const security = { ...PLAIN_SECURITY, runAsUser: 1234, runAsGroup: 3000, supplementalGroups: [4000, 2000], imageGroups: false };
    const user = { uid: 1234, gid: 3000, supplementalGroups: [2000, 3000, 4000] };
    assert.deepEqual(await runtime().containers.userOf(imageId, security), user);
    assert.equal(await runtime().containers.userOf(imageId, { ...security, runAsUser: 'nobody-knows' }), undefined);
  });

  it('shows a failed start as an error and as an exited container', async () => {
    const sandbox = await runtime().sandboxes.run(aSandbox());
    const id = await runtime().containers.create(aContainer(sandbox, harness().image, [harness().missingProgram]));
    await assert.rejects(runtime().containers.start(id), (error: Error & { code?: string }) => {
      assert.equal(error.name, 'RuntimeError');
      assert.equal(error.code, 'StartFailed');
      assert.match(error.message, /no such file or directory/);
      return true;
    });
    const failed = await runtime().containers.inspect(id);
    assert.equal(failed?.state, 'exited');
    assert.equal(failed?.exitCode, 128);
    assert.equal(failed?.reason, 'StartError');
    assert.match(failed?.message ?? '', /no such file or directory/);
  });

  it('rejects what it does not know', async () => {
    const unknown = '0'.repeat(64);
    const sandbox = await runtime().sandboxes.run(aSandbox());
    await assert.rejects(runtime().containers.create(aContainer(sandbox, 'minik-contract/absent:1', FOREVER)), { code: 'ImageNotFound' });
    await assert.rejects(runtime().containers.start(unknown), { code: 'NotFound' });
    await assert.rejects(runtime().containers.stats(unknown), { code: 'NotFound' });
    await assert.rejects(runtime().streams.exec(unknown, { command: ['true'], tty: false }), { code: 'NotFound' });
    await assert.rejects(readLog(runtime(), unknown), { code: 'NotFound' });
    assert.equal(await runtime().containers.inspect(unknown), undefined);
    assert.equal(await runtime().sandboxes.inspect(unknown), undefined);
  });

  it('reads usage and changes limits', async () => {
    const { id } = await launch(FOREVER, { resources: { memoryBytes: 64 * 1024 ** 2 } });
    await runtime().containers.updateResources(id, { cpuShares: 512, memoryBytes: 96 * 1024 ** 2 });
    const stats = await runtime().containers.stats(id);
    assert.ok(stats.timestampMs > 0);
    assert.ok(stats.cpuUsageNs >= 0);
    assert.ok(stats.memoryUsageBytes > 0);
    assert.ok(stats.memoryWorkingSetBytes <= stats.memoryUsageBytes);
  });
}

function streamTests(runtime: () => ContainerRuntime, launch: Launch): void {
  it('executes a command and answers with its output and exit code', async () => {
    const { id } = await launch(FOREVER, { env: [{ name: 'COLOR', value: 'blue green' }] });
    const out = collector();
    const err = collector();
    const command = ['sh', '-c', 'echo out $COLOR; echo err >&2; exit 3'];
    const code = await runtime().streams.exec(id, { command, tty: false, stdout: out.sink, stderr: err.sink });
    assert.equal(code, 3);
    assert.equal(out.text(), 'out blue green\n');
    assert.equal(err.text(), 'err\n');
    assert.equal(await runtime().streams.exec(id, { command: ['true'], tty: false }), 0);
  });

  it('closes the stdin of an exec when the input ends', async () => {
    const { id } = await launch(FOREVER);
    const stdout = new PassThrough();
    const size = 300_000;
    const read = text(stdout);
    const stdin = Readable.from([Buffer.alloc(size, 'x'), Buffer.from('end')]);
    const code = await runtime().streams.exec(id, { command: ['cat'], tty: false, stdin, stdout });
    stdout.end();
    assert.equal(code, 0);
    assert.equal((await read).length, size + 3);
  });

  it('leaves an exec when its signal aborts', async () => {
    const { id } = await launch(FOREVER);
    const abort = new AbortController();
    const running = runtime().streams.exec(id, { command: ['sleep', '3600'], tty: false, signal: abort.signal });
    setImmediate(() => abort.abort());
    await assert.rejects(running, { name: 'RuntimeError' });
  });

  it('refuses an exec in a container that does not run', async () => {
    const { id } = await launch(['true']);
    await untilExit(runtime(), id);
    await assert.rejects(runtime().streams.exec(id, { command: ['true'], tty: false }), {
      name: 'RuntimeError',
      message: /is not running/,
    });
  });

  it('reads logs whole, by tail, stream, bytes and with times', async () => {
    const { id } = await launch(['sh', '-c', 'echo one; echo two; echo three']);
    await untilExit(runtime(), id);
    assert.equal(await readLog(runtime(), id), 'one\ntwo\nthree\n');
    assert.equal(await readLog(runtime(), id, { tailLines: 2 }), 'two\nthree\n');
    assert.equal(await readLog(runtime(), id, { tailLines: 0 }), '');
    assert.equal(await readLog(runtime(), id, { limitBytes: 5 }), 'one\nt');
    assert.match(await readLog(runtime(), id, { timestamps: true, tailLines: 1 }), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z three\n$/);
    const { id: both } = await launch(['sh', '-c', 'echo one; echo two; echo three; echo oops >&2']);
    await untilExit(runtime(), both);
    assert.equal(await readLog(runtime(), both, { stream: 'stdout' }), 'one\ntwo\nthree\n');
    assert.equal(await readLog(runtime(), both, { stream: 'stderr' }), 'oops\n');
    // There is no order between the lines of two streams.
    assert.deepEqual((await readLog(runtime(), both)).split('\n').sort(), ['', 'one', 'oops', 'three', 'two']);
    const exited = await runtime().containers.inspect(id);
    assert.equal(await readLog(runtime(), id, { sinceMs: (exited?.finishedAtMs ?? 0) + 1000 }), '');
  });

  it('follows a log until the container exits', async () => {
    const { id } = await launch(['sh', '-c', 'sleep 0.2; echo late; sleep 0.1; echo later']);
    assert.equal(await readLog(runtime(), id, { follow: true }), 'late\nlater\n');
  });

  it('tells the stream and the time of each line, from a time on, until the container exits', async () => {
    const { id } = await launch(['sh', '-c', 'echo one; echo two >&2; sleep 0.2; echo three; echo four']);
    const { signal } = new AbortController();
    const follow = async (sinceMs?: number): Promise<readonly string[]> => {
      const told: string[] = [];
      await runtime().streams.followLog(id, { signal, ...(sinceMs === undefined ? {} : { sinceMs }) }, async (pieces) => {
        for (const { stream, time, begins, bytes } of pieces) {
          assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
          told.push(`${stream} ${begins} ${Buffer.from(bytes).toString()}`);
        }
      });
      return told.sort();
    };
    const all = ['stderr true two\n', 'stdout true four\n', 'stdout true one\n', 'stdout true three\n'];
    assert.deepEqual(await follow(), all);
    const { finishedAtMs } = await untilExit(runtime(), id);
    assert.deepEqual(await follow(), all);
    assert.deepEqual(await follow(finishedAtMs + 1000), []);
  });

  it('stops following when the signal aborts', async () => {
    const { id } = await launch(['sh', '-c', 'trap "exit 0" TERM; echo first; sleep 3600 & wait']);
    const abort = new AbortController();
    const sink = new PassThrough();
    const done = runtime().streams.logs(id, { follow: true, timestamps: false, signal: abort.signal }, sink);
    sink.once('data', () => abort.abort());
    await done;
  });
}

function attachTests(runtime: () => ContainerRuntime, launch: Launch): void {
  it('attaches to a container, feeding its stdin once', async () => {
    const { id } = await launch(['cat'], { stdin: true, stdinOnce: true });
    const out = collector();
    await runtime().streams.attach(id, { tty: false, stdin: Readable.from([Buffer.from('hello\n')]), stdout: out.sink });
    assert.equal(out.text(), 'hello\n');
    assert.equal((await untilExit(runtime(), id)).exitCode, 0);
  });

  it('refuses to attach to a container that has ended', async () => {
    const { id } = await launch(['true']);
    await untilExit(runtime(), id);
    await assert.rejects(runtime().streams.attach(id, { tty: false, stdout: new PassThrough() }), {
      name: 'RuntimeError',
      message: /is not running/,
    });
  });

  it('detaches when the signal aborts, and the container runs on', async () => {
    const { id } = await launch(FOREVER);
    const abort = new AbortController();
    const attached = runtime().streams.attach(id, { tty: false, stdout: new PassThrough(), signal: abort.signal });
    setImmediate(() => abort.abort());
    await attached;
    assert.equal((await runtime().containers.inspect(id))?.state, 'running');
  });
}

function clusterTests(harness: () => RuntimeHarness, runtime: () => ContainerRuntime, launch: Launch): void {
  it('reports events of its own cluster, beginning with resync', async () => {
    const abort = new AbortController();
    const events = runtime().events(abort.signal);
    const iterator = events[Symbol.asyncIterator]();
    assert.deepEqual(await iterator.next(), { done: false, value: { type: 'resync' } });
    const { sandbox, id } = await launch(['true']);
    await untilExit(runtime(), id);
    await runtime().containers.remove(id);
    await runtime().sandboxes.stop(sandbox.id);
    await runtime().sandboxes.remove(sandbox.id);
    const podUid = sandbox.pod.uid;
    const seen: RuntimeEvent[] = [];
    while (seen.at(-1)?.type !== 'sandboxRemoved') {
      const { value } = await iterator.next();
      if (value.type !== 'resync' && value.podUid === podUid) seen.push(value);
    }
    abort.abort();
    assert.deepEqual(seen, [
      { type: 'sandboxStarted', podUid, id: sandbox.id },
      { type: 'containerStarted', podUid, id },
      { type: 'containerExited', podUid, id },
      { type: 'containerRemoved', podUid, id },
      { type: 'sandboxStopped', podUid, id: sandbox.id },
      { type: 'sandboxRemoved', podUid, id: sandbox.id },
    ]);
    assert.equal((await iterator.next()).done, true);
  });

  it('restricts events to one node when asked', async () => {
    const abort = new AbortController();
    const events = runtime().events(abort.signal, 'second')[Symbol.asyncIterator]();
    assert.deepEqual((await events.next()).value, { type: 'resync' });
    const elsewhere = await runtime().sandboxes.run(aSandbox());
    const config = aSandbox();
    const here = await runtime().sandboxes.run({ ...config, pod: { ...config.pod, node: 'second' } });
    await runtime().sandboxes.remove(elsewhere.id);
    assert.deepEqual((await events.next()).value, { type: 'sandboxStarted', podUid: config.pod.uid, id: here.id });
    abort.abort();
  });

  it('keeps clusters on one engine apart, and destroys only its own', async () => {
    const other = await harness().runtime('contract-b');
    try {
      const { sandbox, id } = await launch(FOREVER);
      const theirs = await other.sandboxes.run(aSandbox());
      assert.deepEqual(
        (await other.sandboxes.list()).map((each) => each.id),
        [theirs.id],
      );
      assert.equal(await other.containers.inspect(id), undefined);
      assert.deepEqual(await other.containers.list(), []);
      await other.destroy();
      assert.deepEqual(await other.sandboxes.list(), []);
      assert.equal((await runtime().sandboxes.inspect(sandbox.id))?.state, 'ready');
      assert.equal((await runtime().containers.inspect(id))?.state, 'running');
    } finally {
      await other.destroy();
      await other.close();
    }
  });

  it('dials a port of a pod and is refused where nothing listens', async () => {
    const { sandbox } = await launch(harness().echoServer(7007));
    const connection = await dialOnce(runtime(), sandbox.id, 7007);
    connection.end('ping');
    assert.equal(await text(connection), 'ping');
    await assert.rejects(runtime().sandboxes.dial(sandbox.id, 7008), { name: 'RuntimeError', message: /connection refused/i });
  });

  it('describes the engine', async () => {
    const info = await runtime().info();
    assert.notEqual(info.version, '');
    assert.ok(info.cpus > 0);
    assert.ok(info.memoryBytes > 0);
    assert.ok(info.ephemeralStorageBytes > 0);
    assert.match(info.architecture, /^(amd64|arm64)$/);
    assert.ok(info.cgroupVersion === 1 || info.cgroupVersion === 2);
  });
}

/** A server that was just started may not listen yet: tries again when refused, for half a minute. */
async function dialOnce(runtime: ContainerRuntime, id: string, port: number): Promise<Duplex> {
  for (let tries = 0; ; tries++) {
    try {
      return await runtime.sandboxes.dial(id, port);
    } catch (error) {
      if (tries > 300) throw error;
      await delay(100);
    }
  }
}

function imageTests(harness: () => RuntimeHarness, runtime: () => ContainerRuntime): void {
  it('finds an image by its name and id, and not what is absent', async () => {
    const image = await runtime().images.inspect(harness().image);
    assert.match(image?.id ?? '', /^sha256:[0-9a-f]{64}$/);
    assert.ok(image?.repoTags.includes(harness().image));
    assert.ok((image?.sizeBytes ?? 0) > 0);
    assert.equal((await runtime().images.inspect(image?.id ?? ''))?.id, image?.id);
    assert.ok((await runtime().images.list()).some(({ id }) => id === image?.id));
    assert.equal(await runtime().images.inspect('minik-contract/absent:1'), undefined);
  });

  it('rejects an image name that is none', async () => {
    await assert.rejects(runtime().images.inspect('Not A Name'), { code: 'InvalidImageName' });
    await assert.rejects(runtime().images.pull('example/Upper:1', undefined, new AbortController().signal), { code: 'InvalidImageName' });
  });
}
