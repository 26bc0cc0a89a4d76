/** Scenarios 9, 10 and 12: the notes' Node.js application, reached from the host and looked into. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours, testdata } from './support/cluster.ts';
import { eventually, ok } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-kubia' });

before(() => cluster.start());
after(() => cluster.delete());

const answer = async (url: string): Promise<string> => (await fetch(url, { headers: { connection: 'close' } })).text();

for (const flavour of flavours) {
  describe(`kubia with ${flavour}`, () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(flavour, args);
    let url = '';

    after(async () => {
      await kubectl('delete', 'rc,svc,pods', '-l', 'app=kubia', '--grace-period=1');
      await kubectl('delete', 'svc', 'kubia-http', '--ignore-not-found');
      await kubectl('delete', 'pod', 'kubia-manual', 'kubia-pair', '--ignore-not-found', '--grace-period=1');
      await cluster.until(['get', 'pods', '-o', 'name'], (text) => text === '');
    });

    it('is made by a replication controller and exposed to the host', async () => {
      const file = join(cluster.home, 'kubia-rc.yaml');
      writeFileSync(file, readFileSync(testdata('kubia/kubia-rc.yaml'), 'utf8').replace('replicas: 3', 'replicas: 1'));
      await kubectl('create', '-f', file);
      const [pod] = await cluster.podsReady('app=kubia', 1);
      assert.equal(await kubectl('expose', 'rc', 'kubia', '--type=LoadBalancer', '--name', 'kubia-http'), 'service/kubia-http exposed\n');
      const ip = await cluster.until(
        ['get', 'svc', 'kubia-http', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'],
        (text) => text !== '',
      );
      url = `http://${ip}:8080`;
      await eventually(async () => assert.equal(await answer(url), `You've hit ${pod}\n`));
      assert.match(await kubectl('get', 'svc', 'kubia-http'), new RegExp(`kubia-http +LoadBalancer +\\S+ +${ip} +8080:3\\d{4}/TCP`));
    });

    it('is scaled, and all pods answer', async () => {
      assert.match(await kubectl('scale', 'rc', 'kubia', '--replicas=3'), /replicationcontroller\/kubia scaled/);
      const pods = await cluster.podsReady('app=kubia', 3);
      const seen = new Set<string>();
      await eventually(async () => {
        for (let i = 0; i < 10; i++) seen.add((await answer(url)).trim().replace("You've hit ", ''));
        assert.deepEqual([...seen].sort(), [...pods].sort());
      });
      const wide = await kubectl('get', 'po', '-o', 'wide', '-l', 'app=kubia');
      assert.match(wide, /IP +NODE/);
      assert.match(wide, /\d+\.\d+\.\d+\.\d+ +e2e-kubia/);
    });

    it('is reached through its ClusterIP from a pod', async () => {
      const [pod] = await cluster.podsReady('app=kubia', 3);
      const ip = await kubectl('get', 'svc', 'kubia-http', '-o', 'jsonpath={.spec.clusterIP}');
      assert.match(await kubectl('exec', pod ?? '', '--', 'curl', '-s', `http://${ip}:8080`), /You've hit kubia-/);
      assert.match(await kubectl('exec', pod ?? '', '--', 'curl', '-s', 'http://kubia-http:8080'), /You've hit kubia-/);
    });

    it('shows logs: all, the last, with timestamps, of several pods, followed', async () => {
      const pods = await cluster.podsReady('app=kubia', 3);
      const [pod = ''] = pods;
      assert.match(await kubectl('logs', pod), /^Kubia server starting/);
      assert.equal((await kubectl('logs', pod, '--tail=1')).split('\n').length, 2);
      assert.match(await kubectl('logs', pod, '--timestamps', '--tail=1'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z /);
      assert.match(await kubectl('logs', '-l', 'app=kubia', '--tail=-1'), /(Kubia server starting[\s\S]*){3}/);
      assert.match(await kubectl('logs', pod, '--since=1h', '-c', 'kubia'), /Kubia server starting/);
      const following = cluster.background(flavour, ['logs', '-f', pod]);
      try {
        await eventually(async () => {
          await answer(url);
          assert.match(following.output(), /Received request from/);
        });
      } finally {
        await following.stop();
      }
    });

    it('has the log of the run before a restart', async () => {
      await kubectl(
        'run',
        'crash',
        '--image=busybox:1.36',
        '--restart=Always',
        '--labels=app=kubia-crash',
        '--',
        'sh',
        '-c',
        'echo run; exit 3',
      );
      await cluster.until(
        ['get', 'pod', 'crash', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'],
        (text) => Number(text) >= 1,
      );
      assert.equal(await kubectl('logs', 'crash', '--previous'), 'run\n');
      await cluster.until(['get', 'pod', 'crash'], (text) => /CrashLoopBackOff|Error/.test(text));
      await kubectl('delete', 'pod', 'crash', '--grace-period=0', '--force');
    });

    it('runs commands in containers: output, input, exit code, terminal', async () => {
      const [pod = ''] = await cluster.podsReady('app=kubia', 3);
      assert.equal(await kubectl('exec', pod, '--', 'hostname'), `${pod}\n`);
      assert.equal(await cluster.kubectl(flavour, ['exec', '-i', pod, '--', 'cat'], { stdin: 'typed here' }), 'typed here');
      const failed = await cluster.try(flavour, ['exec', pod, '--', 'sh', '-c', 'echo bad >&2; exit 7']);
      assert.equal(failed.code, 7);
      assert.match(failed.stderr, /^bad\ncommand terminated with exit code 7\n$/);
      // The size follows a moment after the start.
      const look = '"until test \\"$(stty size)\\" = \\"33 77\\"; do sleep 0.1; done; echo sized; tty"';
      const command = cluster.command(flavour, ['exec', '-it', pod, '--', 'sh', '-c', look]).join(' ');
      const terminal = await ok(['script', '-qec', `stty rows 33 cols 77; ${command.replaceAll('$(', '\\$(')}`, '/dev/null'], {
        env: cluster.env,
      });
      assert.match(terminal, /sized\r\n\/dev\/pts\/\d+\r\n/);
    });

    it('forwards a local port to a pod and to a Service', async () => {
      await kubectl('create', '-f', testdata('kubia/kubia-manual.yaml'));
      // A pod without a readiness probe is Running before its program listens.
      await eventually(() => kubectl('exec', 'kubia-manual', '--', 'curl', '-sS', 'localhost:8080'));
      for (const [target, pattern] of [
        ['kubia-manual', /You've hit kubia-manual/],
        ['svc/kubia-http', /You've hit kubia-/],
      ] as const) {
        const forward = cluster.background(flavour, ['port-forward', target, ':8080']);
        try {
          const port = await eventually(() => {
            const match = /Forwarding from 127\.0\.0\.1:(\d+) -> 8080/.exec(forward.output());
            assert.ok(match, forward.output());
            return match[1] ?? '';
          });
          assert.match(await answer(`http://127.0.0.1:${port}`), pattern);
          assert.match(await answer(`http://127.0.0.1:${port}`), pattern);
        } finally {
          await forward.stop();
        }
      }
    });

    it('asks which container is meant', async () => {
      await kubectl('create', '-f', testdata('kubia/kubia-multi-container.yaml'));
      await cluster.podsReady('app=kubia-pair', 1);
      await eventually(async () => assert.match(await kubectl('logs', 'kubia-pair', '-c', 'client'), /You've hit kubia-pair/));
      const wrong = await cluster.try(flavour, ['logs', 'kubia-pair', '-c', 'nobody']);
      assert.equal(wrong.code, 1);
      assert.match(wrong.stderr, /container nobody is not valid for pod kubia-pair/);
    });
  });
}

describe('old tutorials', () => {
  it('make a replication controller with the bundled run', async () => {
    const { code, stderr } = await cluster.try('minik kubectl', [
      'run',
      'kubia-old',
      '--image=luksa/kubia',
      '--port=8080',
      '--generator=run/v1',
      '--image-pull-policy=IfNotPresent',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /--generator=run\/v1 is DEPRECATED/);
    await cluster.podsReady('run=kubia-old', 1);
    assert.match(await cluster.kubectl('kubectl', ['get', 'rc', 'kubia-old']), /kubia-old +1 +1 +1/);
    await cluster.kubectl('kubectl', ['delete', 'rc', 'kubia-old']);
  });
});
