import assert from 'node:assert/strict';
import { PassThrough, Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { aSandbox, collector, PLAIN_SECURITY as PLAIN, readLog } from '../runtime-test-support.ts';
import { DockerApi } from './docker-api.ts';
import { docker, startDockerCluster, type TestCluster, testClock } from './docker-test-support.ts';
import { hostProcesses } from './end-exec.ts';
import { HelperContainers } from './helper-container.ts';
import { PauseImage } from './pause-image.ts';
import { DockerStreams } from './streams.ts';

const FOREVER = ['sh', '-c', 'trap "exit 0" TERM; sleep 3600 & wait'];

describe('streams on Docker', { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let id: string;
  before(async () => {
    cluster = await startDockerCluster('streams', 3);
    ({ id } = await cluster.launch(FOREVER));
  });
  after(() => cluster.close());

  it('gives an exec a terminal of the size asked for', async () => {
    const sizes = new PassThrough({ objectMode: true });
    sizes.write({ width: 132, height: 43 });
    const stdin = new PassThrough();
    const out = collector();
    const command = ['sh', '-c', 'while [ "$(stty size)" != "43 132" ]; do sleep 0.02; done; stty size; tty; read x; echo got $x'];
    stdin.write('typed\n');
    const code = await cluster.runtime.streams.exec(id, { command, tty: true, stdin, stdout: out.sink, resize: sizes });
    assert.equal(code, 0);
    // The terminal may echo what was typed between the two.
    assert.match(out.text(), /43 132\r\n/);
    assert.match(out.text(), /\/dev\/pts\/0\r\n/);
    assert.match(out.text(), /got typed\r\n/);
  });

  it('answers an exec of a missing program as the engine does', async () => {
    const out = collector();
    const code = await cluster.runtime.streams.exec(id, { command: ['/absent'], tty: false, stdout: out.sink, stderr: out.sink });
    assert.ok(code === 126 || code === 127);
    assert.match(out.text(), /no such file or directory/);
  });

  it('holds the output of an exec back while nobody reads it', async () => {
    let wanted = false;
    let received = 0;
    let resume: (() => void) | undefined;
    const slow = new Writable({
      highWaterMark: 16_384,
      write(chunk: Buffer, _encoding, done) {
        received += chunk.length;
        if (wanted) done();
        else resume = done;
      },
    });
    const running = cluster.runtime.streams.exec(id, { command: ['head', '-c', '30000000', '/dev/zero'], tty: false, stdout: slow });
    // A second exec runs to its end meanwhile, so the first has had time to flood us.
    await cluster.run(id, ['head', '-c', '3000000', '/dev/zero'], { stdout: new PassThrough().resume() });
    assert.ok(received < 1_000_000, `${received} bytes came in unread`);
    wanted = true;
    resume?.();
    assert.equal(await running, 0);
    assert.equal(received, 30_000_000);
  });

  it('leaves no process of an exec that ends with its signal, killed from here or by a helper', async () => {
    const api = new DockerApi({});
    const helpers = new HelperContainers({ api, pause: new PauseImage(api), cluster: 'streams' });
    const elsewhere = { controlGroups: async () => '', kill: () => assert.fail('killed') };
    for (const [seconds, processes] of [
      ['3601', hostProcesses],
      ['3602', elsewhere],
    ] as const) {
      const streams = new DockerStreams({ api, helpers, processes, clock: testClock });
      const abort = new AbortController();
      const stdout = new PassThrough();
      stdout.once('data', () => abort.abort());
      const command = ['sh', '-c', `echo running; sleep ${seconds}; true`];
      await assert.rejects(streams.exec(id, { command, tty: false, stdout, signal: abort.signal, endsOnAbort: true }), /cancelled/);
      assert.doesNotMatch(await cluster.run(id, ['ps', '-o', 'args']), new RegExp(seconds));
    }
    api.close();
  });

  it('ends an attach with the container also when no output is asked for and the input stays open', async () => {
    const started = await cluster.launch(['head', '-n', '1'], { stdin: true, stdinOnce: true });
    const stdin = new PassThrough();
    stdin.write('typed\n');
    await cluster.runtime.streams.attach(started.id, { tty: false, stdin });
    assert.match(await readLog(cluster.runtime, started.id), /^typed$/m);
  });

  it('attaches to a terminal', async () => {
    const { id: shell } = await cluster.launch(['sh'], { stdin: true, stdinOnce: true, tty: true });
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const read = text(stdout);
    stdin.write('echo $((6 * 7)); exit\n');
    await cluster.runtime.streams.attach(shell, { tty: true, stdin, stdout });
    stdout.end();
    assert.match(await read, /\r\n42\r\n/);
  });

  it('reads the log of a terminal unframed', async () => {
    const { stdout } = await cluster.outcome(['echo', 'plain'], { tty: true });
    assert.equal(stdout, 'plain\r\n');
  });

  it('passes a large log whole', async () => {
    const { stdout } = await cluster.outcome(['sh', '-c', 'seq 1 100000']);
    assert.equal(stdout.length, 588_895);
    assert.ok(stdout.endsWith('\n100000\n'));
  });

  it('follows a log over its rotation at 4 MB/s: each line once, whole, with one time', async () => {
    const count = 60_000;
    // The writer pauses between lines, which determines its speed.
    const script = `awk 'BEGIN { for (i = 1; i <= ${count}; i++) { printf "%d %0400d\\n", i, 0; if (i % 1000 == 0) { fflush(); system("sleep 0.1") } } printf "%040000d\\n", 7 }'`;
    const { id: writer } = await cluster.launch(['sh', '-c', script]);
    const printed = (await readLog(cluster.runtime, writer, { follow: true, timestamps: true })).trimEnd().split('\n');
    assert.equal(printed.length, count + 1);
    const zeros = '0'.repeat(400);
    for (const [index, line] of printed.slice(0, count).entries()) {
      if (line.slice(31) !== `${index + 1} ${zeros}`) assert.fail(`line ${index + 1} is ${line}`);
    }
    assert.equal(printed[count]?.length, 31 + 40_000);
  });

  it('dials a server that listens on the loopback of the pod only', async () => {
    const { sandbox } = await cluster.launch(['httpd', '-f', '-p', '127.0.0.1:8080', '-h', '/etc']);
    let answer = '';
    for (let tries = 0; answer === ''; tries++) {
      try {
        const connection = await cluster.runtime.sandboxes.dial(sandbox.id, 8080);
        connection.end('GET /group HTTP/1.0\r\n\r\n');
        answer = await text(connection);
      } catch (error) {
        if (tries > 300) throw error;
        await delay(100);
      }
    }
    assert.match(answer, /^HTTP\/1\.[01] 200 OK[\s\S]*root:x:0:/);
  });

  it('relays much in both directions at once', async () => {
    // Without its address, the pod can be reached only from inside.
    const script = 'ip addr flush dev eth0; exec nc -ll -p 9000 -e cat';
    const { sandbox } = await cluster.launch(['sh', '-c', script], { security: { ...PLAIN, addCapabilities: ['NET_ADMIN'] } });
    const size = 3_000_000;
    let echoed = '';
    for (let tries = 0; echoed === ''; tries++) {
      try {
        const connection = await cluster.runtime.sandboxes.dial(sandbox.id, 9000);
        Readable.from([Buffer.alloc(size, 'x')]).pipe(connection);
        let received = 0;
        for await (const chunk of connection) {
          received += chunk.length;
          if (received >= size) break;
        }
        echoed = String(received);
      } catch (error) {
        if (tries > 300) throw error;
        await delay(100);
      }
    }
    assert.equal(echoed, String(size));
  });

  it('publishes host ports', async () => {
    const portMappings = [{ hostIp: '127.0.0.1', hostPort: 18_474, containerPort: 80, protocol: 'TCP' as const }];
    const sandbox = await cluster.runtime.sandboxes.run(aSandbox({ portMappings }));
    assert.equal(docker('port', sandbox.id), '80/tcp -> 127.0.0.1:18474');
  });
});
