/**
 * Streams with kubectls of different ages: exec and port-forward go over SPDY with old ones and over WebSocket with new
 * ones. `MINIK_E2E_KUBECTLS` names more of them (separated by colons); the one on PATH always takes part.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, testdata } from './support/cluster.ts';
import { background, eventually, type RunOptions, run } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-versions' });
const programs = ['kubectl', ...(process.env.MINIK_E2E_KUBECTLS ?? '').split(':').filter((path) => path !== '')];

/** Answers each line; its input stays open when a client leaves. */
const talker = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'talker', labels: { run: 'talker' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      { name: 'main', image: 'busybox:1.36', stdin: true, command: ['sh', '-c', 'while read line; do echo "heard $line"; done'] },
    ],
  },
};

before(async () => {
  await cluster.start();
  await cluster.kubectl('kubectl', ['create', '-f', testdata('kubia/kubia-manual-with-labels.yaml')]);
  await cluster.kubectl('kubectl', ['create', '-f', '-'], { stdin: JSON.stringify(talker) });
  await cluster.podsReady('env=prod', 1);
  await cluster.podsReady('run=talker', 1);
  // A pod without a readiness probe is Running before its program listens.
  await cluster.until(['exec', 'kubia-manual-v2', '--', 'curl', '-sS', 'localhost:8080'], (text) => text !== '');
});
after(() => cluster.delete());

for (const program of programs) {
  describe(program.split('/').at(-1) ?? program, () => {
    const kubectl = (args: readonly string[], options: RunOptions = {}) => run([program, ...args], { ...options, env: cluster.env });

    it('runs commands: output, error, input, exit code', async () => {
      const both = await kubectl(['exec', 'kubia-manual-v2', '--', 'sh', '-c', 'echo out; echo err >&2; exit 5']);
      assert.deepEqual([both.code, both.stdout], [5, 'out\n']);
      assert.equal(both.stderr, 'err\ncommand terminated with exit code 5\n');
      const large = 'x'.repeat(1_000_000);
      const echoed = await kubectl(['exec', '-i', 'kubia-manual-v2', '--', 'cat'], { stdin: large });
      assert.equal(echoed.code, 0, echoed.stderr);
      assert.ok(echoed.stdout === large, `${echoed.stdout.length} of ${large.length} characters came back`);
    });

    it('attaches', async () => {
      const attached = background(['sh', '-c', `(sleep 1; echo me; sleep 2) | "$0" attach -i talker`, program], { env: cluster.env });
      try {
        await eventually(() => assert.match(attached.output(), /heard me/));
      } finally {
        await attached.stop();
      }
    });

    it('forwards ports', async () => {
      const forward = background([program, 'port-forward', 'kubia-manual-v2', ':8080'], { env: cluster.env });
      try {
        const port = await eventually(() => {
          const match = /Forwarding from 127\.0\.0\.1:(\d+) -> 8080/.exec(forward.output());
          assert.ok(match, forward.output());
          return match[1];
        });
        const answers = await Promise.all(
          Array.from({ length: 5 }, async () => (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })).text()),
        );
        assert.deepEqual(new Set(answers), new Set(["You've hit kubia-manual-v2\n"]));
      } finally {
        await forward.stop();
      }
    });

    it('follows logs and reads tables', async () => {
      assert.match((await kubectl(['logs', 'kubia-manual-v2', '--tail=1'])).stdout, /\S/);
      assert.match((await kubectl(['get', 'pods', '-o', 'wide'])).stdout, /^kubia-manual-v2 +1\/1 +Running /m);
    });
  });
}
