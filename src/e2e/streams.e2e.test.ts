/** Streams into pods as a user meets them: commands that end at once, exit codes, copies. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours } from './support/cluster.ts';

const cluster = new E2eCluster({ name: 'e2e-streams' });

before(() => cluster.start());
after(() => cluster.delete());

for (const flavour of flavours) {
  describe(`kubectl run with ${flavour}`, () => {
    const runPod = (...args: string[]): readonly string[] => ['run', '--rm', '-i', '--restart=Never', '--image=busybox:1.36', ...args];

    it('ends with a command that ends at once, and leaves no pod', async () => {
      for (let round = 0; round < 5; round++) {
        const { code, stdout } = await cluster.try(flavour, runPod(`quick-${round}`, '--', 'echo', 'done'));
        assert.equal(code, 0);
        assert.match(stdout, /^done$/m);
        assert.match(stdout, /^pod "quick-\d" deleted/m);
      }
      assert.equal(await cluster.kubectl(flavour, ['get', 'pods', '-o', 'name']), '');
    });

    it('prints what the container prints once, and ends as the container did', async () => {
      const args = runPod('fails', '-q', '--', 'sh', '-c', 'cat; exit 5');
      const { code, stdout, stderr } = await cluster.try(flavour, args, { stdin: 'abc\n' });
      assert.equal(code, 5, stderr);
      assert.equal(stdout, 'abc\n');
      assert.doesNotMatch(stderr, /attach/);
    });
  });
}
