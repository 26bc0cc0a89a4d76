/** Streams into pods as a user meets them: commands that end at once, exit codes, copies. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours } from './support/cluster.ts';
import { eventually, ok } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-streams' });

before(() => cluster.start());
after(() => cluster.delete());

for (const flavour of flavours) {
  describe(`kubectl run with ${flavour}`, () => {
    const runPod = (...args: string[]): readonly string[] => ['run', '--rm', '-i', '--restart=Never', '--image=busybox:1.36', ...args];

    it('ends with a command that ends at once, and leaves no pod', async () => {
      let printed = '';
      for (let round = 0; round < 5; round++) {
        const { code, stdout } = await cluster.try(flavour, runPod(`quick-${round}`, '--', 'echo', 'done'));
        assert.equal(code, 0);
        assert.match(stdout, /^pod "quick-\d" deleted/m);
        printed += stdout;
      }
      // kubectl shows what is printed once it is attached, or all of it when the command has ended by then. It may come
      // in between now and then: after the words, before the end is known.
      assert.match(printed, /^done$/m);
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

for (const flavour of flavours) {
  describe(`kubectl debug with ${flavour}`, () => {
    const name = `debugged-${flavour.replace(' ', '-')}`;
    before(async () => {
      await cluster.kubectl('kubectl', ['run', name, '--image=busybox:1.36', '--', 'sleep', '3600']);
      await cluster.podsReady(`run=${name}`, 1);
    });

    it('talks to a container beside those of the pod, which sees the processes of its target', async () => {
      const script = 'read word; echo "$word"; ps';
      const words = ['debug', name, '-i', '-q', '--image=busybox:1.36', `--target=${name}`, '--', 'sh', '-c', script];
      const [program = '', ...args] = cluster.command(flavour, words);
      const child = spawn(program, args, { env: { ...process.env, ...cluster.env }, stdio: ['pipe', 'pipe', 'inherit'] });
      // Its input stays open, because its end would end what is shown, too, as upstream.
      child.stdin.write('hello\n');
      assert.match(await text(child.stdout), /^hello$[\s\S]*sleep 3600/m);
      child.stdin.destroy();
    });

    it('runs a copy of the pod with another command', async () => {
      const copy = `${name}-copy`;
      const args = ['debug', name, '-q', `--copy-to=${copy}`, `--container=${name}`, '--', 'sh', '-c', 'echo copied; sleep 3600'];
      await cluster.kubectl(flavour, args);
      await cluster.kubectl('kubectl', ['wait', '--for=condition=Ready', `pod/${copy}`, '--timeout=110s']);
      assert.equal(await cluster.until(['logs', copy], (text) => text !== ''), 'copied\n');
    });
  });
}

describe("the books' own pod, whose image is `:latest` and only here", () => {
  before(async () => {
    await cluster.kubectl('kubectl', ['run', 'kubia', '--image=luksa/kubia']);
    await cluster.podsReady('run=kubia', 1);
  });

  for (const flavour of flavours) {
    it(`takes files and gives them back by ${flavour} cp`, async () => {
      const [sent, back] = [join(cluster.home, 'sent'), join(cluster.home, 'back')];
      const content = randomBytes(3_000_000);
      writeFileSync(sent, content);
      await cluster.kubectl(flavour, ['cp', sent, 'kubia:/tmp/content']);
      await cluster.kubectl(flavour, ['cp', 'kubia:/tmp/content', back]);
      assert.deepEqual(readFileSync(back), content);
    });
  }

  it('runs once after its container was restarted behind the back of the kubelet', async () => {
    const running = async (): Promise<readonly string[]> =>
      (await cluster.containers('status=running')).filter((name) => name.startsWith('k8s_kubia_'));
    const [name = ''] = await running();
    await ok(['docker', 'restart', '--time', '1', name]);
    await cluster.podsReady('run=kubia', 1);
    await eventually(async () => assert.equal((await running()).length, 1));
  });
});
