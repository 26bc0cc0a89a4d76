/** Scenario 18: replication controllers and replica sets keep pods alive, let them go and take them up again. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours, testdata } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-replicas' });

before(() => cluster.start());
after(() => cluster.delete());

/** An editor for KUBE_EDITOR that runs one sed command over the file. */
function editor(name: string, command: string): string {
  const file = join(cluster.home, name);
  writeFileSync(file, `#!/bin/sh\nexec sed -i '${command}' "$1"\n`);
  chmodSync(file, 0o755);
  return file;
}

const names = async (selector: string): Promise<readonly string[]> =>
  (await cluster.kubectl('kubectl', ['get', 'po', '-l', selector, '-o', 'jsonpath={.items[*].metadata.name}']))
    .split(' ')
    .filter((name) => name !== '');

const edit = (rc: string, command: string): Promise<string> =>
  cluster.kubectl('kubectl', ['edit', 'rc', rc], { env: { KUBE_EDITOR: editor('editor', command) } });

for (const flavour of flavours) {
  describe(`a replication controller with ${flavour}`, () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(flavour, args);
    let pods: readonly string[] = [];

    after(() => cluster.clear());

    it('takes its selector from the template', async () => {
      await kubectl('create', '-f', testdata('kubia/kubia-rc-without-selector.yaml'));
      pods = await cluster.podsReady('app=kubia', 3);
      assert.equal(await kubectl('get', 'rc', 'kubia', '-o', 'jsonpath={.spec.selector}'), '{"app":"kubia"}');
      // The controller counts its pods some time after they are Ready.
      await eventually(async () =>
        assert.match(await kubectl('get', 'rc', '-o', 'wide'), /^kubia +3 +3 +3 +\S+ +kubia +luksa\/kubia +app=kubia$/m),
      );
    });

    it('makes a substitute for a pod whose label changes, and lets that pod go', async () => {
      const [victim = ''] = pods;
      assert.equal(await kubectl('label', 'pod', victim, 'type=special'), `pod/${victim} labeled\n`);
      assert.deepEqual([...(await cluster.podsReady('app=kubia', 3))].sort(), [...pods].sort(), 'other labels do not matter');
      await kubectl('label', 'pod', victim, 'app=foo', '--overwrite');
      const now = await cluster.podsReady('app=kubia', 3);
      assert.ok(!now.includes(victim));
      await cluster.until(['get', 'po', victim, '-o', 'jsonpath={.metadata.ownerReferences}'], (text) => text === '');
      assert.deepEqual(await names('app=foo'), [victim]);
    });

    it('takes a pod back that matches again, and removes one too many', async () => {
      const [stray = ''] = await names('app=foo');
      await kubectl('label', 'pod', stray, 'app=kubia', '--overwrite');
      pods = await cluster.podsReady('app=kubia', 3);
      // Events are written when there is time for them.
      await eventually(async () => assert.match(await kubectl('describe', 'rc', 'kubia'), /SuccessfulDelete .* Deleted pod: kubia-/));
    });

    it('follows kubectl edit; a new template is for new pods only', async () => {
      assert.equal(await edit('kubia', 's#image: luksa/kubia$#image: luksa/kubia:v2#'), 'replicationcontroller/kubia edited\n');
      assert.deepEqual([...(await cluster.podsReady('app=kubia', 3))].sort(), [...pods].sort());
      const [victim = ''] = pods;
      await kubectl('delete', 'pod', victim);
      pods = await cluster.podsReady('app=kubia', 3);
      const images = await kubectl('get', 'po', '-l', 'app=kubia', '-o', 'jsonpath={.items[*].spec.containers[0].image}');
      assert.deepEqual(images.split(' ').sort(), ['luksa/kubia', 'luksa/kubia', 'luksa/kubia:v2']);
      await edit('kubia', 's/replicas: 3/replicas: 4/');
      await cluster.podsReady('app=kubia', 4);
      await kubectl('scale', 'rc', 'kubia', '--current-replicas=4', '--replicas=3');
      pods = await cluster.podsReady('app=kubia', 3);
      assert.equal(await edit('kubia', 's/^$//'), '', 'no change, no edit');
    });

    for (const cascade of ['--cascade=orphan', '--cascade=false']) {
      it(`leaves its pods running with ${cascade}, and a new one adopts them`, async () => {
        const { code, stdout, stderr } = await cluster.try(flavour, ['delete', 'rc', 'kubia', cascade]);
        assert.equal(code, 0, stderr);
        assert.match(stdout, /^replicationcontroller "kubia" deleted/);
        assert.equal(/deprecated/.test(stderr), cascade === '--cascade=false', stderr);
        assert.deepEqual([...(await names('app=kubia'))].sort(), [...pods].sort());
        await cluster.until(['get', 'po', ...pods, '-o', 'jsonpath={.items[*].metadata.ownerReferences}'], (text) => text.trim() === '');
        await kubectl('create', '-f', testdata('kubia/kubia-rc.yaml'));
        const uid = await kubectl('get', 'rc', 'kubia', '-o', 'jsonpath={.metadata.uid}');
        await cluster.until(
          ['get', 'po', '-l', 'app=kubia', '-o', 'jsonpath={.items[*].metadata.ownerReferences[*].uid}'],
          (text) => text === `${uid} ${uid} ${uid}`,
        );
        assert.deepEqual([...(await cluster.podsReady('app=kubia', 3))].sort(), [...pods].sort());
      });
    }

    it('takes its pods along otherwise', async () => {
      await kubectl('delete', 'rc', 'kubia');
      await cluster.until(['get', 'po', '-o', 'name'], (text) => text === '');
    });
  });
}

describe('a replica set', () => {
  for (const operator of ['in', 'not-in', 'exists', 'does-not-exist']) {
    it(`selects with ${operator}`, async () => {
      const file = testdata(`kubia/kubia-rs-${operator}.yaml`);
      const name = await cluster.kubectl('kubectl', ['create', '-f', file, '-o', 'name']);
      await cluster.until(['get', name.trim(), '-o', 'jsonpath={.status.readyReplicas}'], (text) => text === '2');
      await cluster.kubectl('kubectl', ['delete', '-f', file]);
      await cluster.until(['get', 'po', '-o', 'name'], (text) => text === '');
    });
  }
});
