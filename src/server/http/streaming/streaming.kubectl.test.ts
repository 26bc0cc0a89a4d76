import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { pod, sending } from '../test-app.ts';
import { kubectls, startFixture } from './kubectl-fixture.ts';
import type { PodStreams } from './pod-streams.ts';

const text = async (readable: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of readable) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** Simulated commands of pods: cat, exit N, both, yes, wc, and tar, which really runs, in `directory`. */
function playedStreams(seen: string[], echoPort: () => number, directory: string): PodStreams {
  return {
    // A container called "gone" does not run.
    refusal: async (verb, ref, container) =>
      container !== 'gone'
        ? undefined
        : verb === 'exec'
          ? 'container not found ("gone")'
          : `container gone not found in pod ${ref.name}_${ref.namespace}`,
    exec: async (ref, container, options) => {
      const [command = '', argument = ''] = options.command;
      seen.push(`${ref.namespace}/${ref.name}/${container}${options.tty ? ' tty' : ''}`);
      const { stdin, stdout, stderr } = options;
      if (command === 'cat' && stdin !== undefined && stdout !== undefined) await pipeline(stdin, stdout, { end: false });
      if (command === 'wc' && stdin !== undefined) stdout?.write(`${(await text(stdin)).length}\n`);
      if (command === 'both') {
        stdout?.write('to stdout\n');
        stderr?.write('to stderr\n');
      }
      if (command === 'yes' && stdout !== undefined) {
        const block = Buffer.alloc(64 * 1024, 'y\n');
        for (let sent = 0; sent < Number(argument); sent += block.length) if (!stdout.write(block)) await once(stdout, 'drain');
      }
      if (command === 'tar' || command === 'test') {
        const child = spawn(command, options.command.slice(1), { cwd: directory });
        const input = stdin === undefined ? child.stdin.end() : pipeline(stdin, child.stdin);
        const output = stdout === undefined ? child.stdout.resume() : pipeline(child.stdout, stdout, { end: false });
        if (stderr !== undefined) child.stderr.pipe(stderr, { end: false });
        const [code] = (await once(child, 'close')) as [number];
        await Promise.allSettled([input, output]);
        return code;
      }
      if (command === 'fail') throw new Error('no such container');
      return command === 'exit' ? Number(argument) : 0;
    },
    attach: async (_ref, _container, { stdin, stdout }) => {
      stdout?.write('attached\n');
      if (stdin !== undefined && stdout !== undefined) await pipeline(stdin, stdout, { end: false });
    },
    portForward: async (_ref, port) => {
      if (port === 81) throw new Error('connection refused by the pod');
      const socket = connect(echoPort(), '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    },
    logs: async (_ref, container, { follow, tailLines }, sink) => {
      const lines = ['one', 'two', 'three'].slice(-(tailLines ?? 3));
      for (const line of lines) sink.write(`${container} ${line}\n`);
      if (follow) {
        await new Promise((resolve) => setImmediate(resolve));
        sink.write(`${container} later\n`);
      }
    },
  };
}

const binaries = kubectls();

describe('kubectl streams', { skip: process.env.MINIK_TEST_NO_KUBECTL === undefined ? false : 'MINIK_TEST_NO_KUBECTL is set' }, () => {
  it('finds kubectl', () => assert.notEqual(binaries.length, 0, 'kubectl must be on PATH, or MINIK_TEST_NO_KUBECTL set'));

  for (const { version, path } of binaries) {
    it(`serves exec, attach, logs, cp and port-forward to kubectl ${version}`, async (t) => {
      const echo = createServer((socket) => {
        socket.on('error', () => socket.destroy());
        socket.pipe(socket);
      }).listen(0, '127.0.0.1');
      await once(echo, 'listening');
      t.after(() => echo.close());
      const seen: string[] = [];
      const directory = await mkdtemp(join(tmpdir(), 'minik-cp-'));
      t.after(() => rm(directory, { recursive: true }));
      const streams = playedStreams(seen, () => (echo.address() as AddressInfo).port, directory);
      const fixture = await startFixture(t, streams);
      const pods = '/api/v1/namespaces/default/pods';
      assert.equal((await fixture.fetch(pods, sending('POST', pod('p')))).status, 201);
      assert.equal((await fixture.fetch(pods, sending('POST', pod('two', ['a', 'b'])))).status, 201);
      assert.equal((await fixture.fetch(pods, sending('POST', pod('ended', ['gone'])))).status, 201);
      for (const name of ['p', 'two', 'ended']) {
        const running = { status: { phase: 'Running' } };
        const patch = sending('PATCH', running, { 'content-type': 'application/merge-patch+json' });
        assert.equal((await fixture.fetch(`${pods}/${name}/status`, patch)).status, 200);
      }
      const run = (args: string, stdin?: string | Buffer) => fixture.run(path, args.split(' '), stdin);

      assert.deepEqual(await run('exec p -- both'), { code: 0, stdout: 'to stdout\n', stderr: 'to stderr\n' });
      assert.equal(seen.at(-1), 'default/p/main');
      assert.deepEqual(await run('exec -i p -- cat', 'hello'), { code: 0, stdout: 'hello', stderr: '' });
      const before = fixture.streamedBytes();
      const much = 'abcdefg\n'.repeat(40_000);
      assert.equal((await run('exec -i p -- cat', much)).stdout, much);
      const carried = fixture.streamedBytes() - before;
      assert.ok(carried >= 2 * much.length && carried < 2.5 * much.length, `told of ${carried} bytes`);
      const failed = await run('exec p -- exit 3');
      assert.deepEqual([failed.code, failed.stderr], [3, 'command terminated with exit code 3\n']);
      assert.match((await run('exec p -- fail')).stderr, /error executing command in container: no such container/);
      const large = Buffer.alloc(8 * 1024 * 1024, 'x');
      assert.equal((await run('exec -i p -- wc', large)).stdout, `${large.length}\n`);
      assert.equal((await run('exec p -- yes 8388608')).stdout.length, 8 * 1024 * 1024);
      const good = fixture.upgrades.length;
      assert.match((await run('exec two -c c -- both')).stderr, /container c is not valid for pod two/);
      // A container that does not run is refused before the upgrade, with the kubelet's message.
      assert.equal((await run('exec ended -- both')).stderr, 'error: unable to upgrade connection: container not found ("gone")\n');
      const unattached = (await run('attach ended')).stderr;
      assert.match(unattached, /error: unable to upgrade connection: container gone not found in pod ended_default\n$/);
      // kubectl tries SPDY when WebSocket is refused; in no other case may it do so.
      const refused = fixture.upgrades.length - good;
      assert.equal((await run('attach -i p', 'typed')).stdout.replace(/^.*attached\n/s, 'attached\n'), 'attached\ntyped');

      const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
      await writeFile(join(directory, 'there'), content);
      assert.equal((await run(`cp p:there ${join(directory, 'here')}`)).code, 0);
      assert.deepEqual(await readFile(join(directory, 'here')), content);
      assert.equal((await run(`cp ${join(directory, 'here')} p:${join(directory, 'back')}`)).code, 0);
      assert.deepEqual(await readFile(join(directory, 'back')), content);

      assert.equal((await run('logs p')).stdout, 'main one\nmain two\nmain three\n');
      assert.equal((await run('logs -f --tail=1 two -c b')).stdout, 'b three\nb later\n');
      const chosen = await run('logs two -c c');
      assert.match(chosen.stderr, /container c is not valid for pod two/);

      const forward = fixture.start(path, ['port-forward', 'p', ':80', ':81']);
      const [line80, line81] = await linesOf(forward.stdout, /Forwarding from 127\.0\.0\.1:(\d+)/, 2);
      const client = connect(Number(line80), '127.0.0.1');
      client.end(large);
      assert.equal((await text(client)).length, large.length);
      const lost = connect(Number(line81), '127.0.0.1');
      lost.on('error', () => undefined);
      lost.end('x');
      const [message] = await linesOf(forward.stderr, /(connection refused by the pod)/, 1);
      assert.equal(message, 'connection refused by the pod');
      forward.kill('SIGKILL');

      const minor = Number(version.split('.')[1]);
      const command = minor >= 30 ? 'websocket v5.channel.k8s.io' : 'SPDY/3.1';
      const tunnel = minor >= 31 ? 'websocket SPDY/3.1+portforward.k8s.io' : 'SPDY/3.1';
      for (const upgrade of fixture.upgrades.toSpliced(good, refused)) {
        const [subresource] = upgrade.split(' ', 1);
        assert.equal(upgrade, `${subresource} ${subresource === 'portforward' ? tunnel : command}`);
      }
    });
  }
});

describe('port-forward of the bundled kubectl', () => {
  it('passes on that the client has said all, and closes when the pod has', async (t) => {
    // Answers only when the client has finished sending.
    const counter = createServer({ allowHalfOpen: true }, async (socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`${(await text(socket)).length} bytes`);
    }).listen(0, '127.0.0.1');
    const talker = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end('good bye');
    }).listen(0, '127.0.0.1');
    await Promise.all([once(counter, 'listening'), once(talker, 'listening')]);
    t.after(() => {
      counter.close();
      talker.close();
    });
    const portForward: PodStreams['portForward'] = async (_ref, port) => {
      const socket = connect(((port === 80 ? counter : talker).address() as AddressInfo).port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    };
    const fixture = await startFixture(t, { ...playedStreams([], () => 0, '/nowhere'), portForward });
    const pods = '/api/v1/namespaces/default/pods';
    assert.equal((await fixture.fetch(pods, sending('POST', pod('p')))).status, 201);
    const patch = sending('PATCH', { status: { phase: 'Running' } }, { 'content-type': 'application/merge-patch+json' });
    assert.equal((await fixture.fetch(`${pods}/p/status`, patch)).status, 200);
    const main = join(import.meta.dirname, '../../../main.ts');
    const forward = fixture.start(process.execPath, [...process.execArgv, main, 'kubectl', 'port-forward', 'p', ':80', ':81']);
    const [line80, line81] = await linesOf(forward.stdout, /Forwarding from 127\.0\.0\.1:(\d+)/, 2);
    const client = connect({ port: Number(line80), host: '127.0.0.1', allowHalfOpen: true });
    client.end(Buffer.alloc(300_000));
    assert.equal((await text(client)).toString(), '300000 bytes');
    const listener = connect(Number(line81), '127.0.0.1');
    assert.equal((await text(listener)).toString(), 'good bye');
    forward.kill('SIGKILL');
  });
});

/** The first group of the first `count` matching lines. */
function linesOf(readable: Readable, pattern: RegExp, count: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let seen = '';
    readable.on('data', (chunk: Buffer) => {
      seen += chunk.toString('utf8');
      const found = seen.split('\n').flatMap((line) => pattern.exec(line)?.[1] ?? []);
      if (found.length >= count) resolve(found);
    });
    readable.once('end', () => reject(new Error(`ended with: ${seen}`)));
  });
}
