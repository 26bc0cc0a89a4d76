/** Scenarios 14 and 15: namespaces, and deleting things. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, type Flavour, flavours, testdata } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-namespaces' });

before(() => cluster.start());
after(() => cluster.delete());

/** kubectl names the namespace since 1.34. */
const deleted = (name: string, namespace = 'default'): RegExp => new RegExp(`^pod "${name}" deleted( from ${namespace} namespace)?$`, 'm');

const present = async (kind: string): Promise<readonly string[]> =>
  (await cluster.kubectl('kubectl', ['get', kind, '-o', 'name'])).split('\n').filter((line) => line !== '');

/** Waits until neither a container nor a folder of any pod is left. */
const nothingLeft = (): Promise<void> =>
  eventually(async () => assert.deepEqual([...(await cluster.containers()), ...(await cluster.podFolders())], []));

for (const flavour of flavours) {
  describe(`namespaces with ${flavour}`, () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(flavour, args);

    it('are made from a file and by name', async () => {
      assert.equal(await kubectl('create', '-f', testdata('namespaces/custom-namespace.yaml')), 'namespace/custom-namespace created\n');
      assert.equal(await kubectl('create', 'namespace', 'other'), 'namespace/other created\n');
      assert.match(await kubectl('get', 'ns'), /^custom-namespace +Active +\S+$/m);
      const twice = await cluster.try(flavour, ['create', 'namespace', 'other']);
      assert.deepEqual([twice.code, twice.stderr], [1, 'Error from server (AlreadyExists): namespaces "other" already exists\n']);
    });

    it('hold objects of the same name', async () => {
      const inFile = testdata('namespaces/kubia-in-custom-namespace.yaml');
      assert.equal(await kubectl('create', '-f', inFile), 'pod/kubia-manual created\n');
      assert.equal(await kubectl('create', '-f', testdata('kubia/kubia-manual.yaml'), '-n', 'other'), 'pod/kubia-manual created\n');
      const mismatch = await cluster.try(flavour, ['create', '-f', inFile, '-n', 'other']);
      assert.equal(mismatch.code, 1);
      assert.equal(
        mismatch.stderr,
        'error: the namespace from the provided object "custom-namespace" does not match the namespace "other". ' +
          "You must pass '--namespace=custom-namespace' to perform this operation.\n",
      );
      assert.match(await kubectl('get', 'po', '-A'), /^custom-namespace +kubia-manual .*\n[\s\S]*^other +kubia-manual /m);
      assert.deepEqual(await present('pods'), []);
    });

    it('are chosen by -n and by the context', async () => {
      assert.match(await kubectl('get', 'po', '-n', 'custom-namespace', '--show-labels'), / env=test$/m);
      await cluster.kubectl('kubectl', ['config', 'set-context', '--current', '--namespace=custom-namespace']);
      try {
        assert.equal(await kubectl('get', 'po', '-o', 'jsonpath={.items[*].metadata.labels.env}'), 'test');
        assert.equal(await kubectl('get', 'po', '-n', 'other', '-o', 'jsonpath={.items[*].metadata.namespace}'), 'other');
      } finally {
        await cluster.kubectl('kubectl', ['config', 'set-context', '--current', '--namespace=default']);
      }
    });

    it('take everything in them along', async () => {
      await kubectl('create', 'configmap', 'settings', '--from-literal=a=b', '-n', 'custom-namespace');
      await kubectl('create', 'secret', 'generic', 'keys', '--from-literal=a=b', '-n', 'custom-namespace');
      await kubectl(
        'create',
        '-f',
        testdata('kubia/kubia-deployment-v1.yaml'),
        '-f',
        testdata('services/kubia-svc.yaml'),
        '-n',
        'custom-namespace',
      );
      await cluster.until(
        ['get', 'deploy', 'kubia', '-n', 'custom-namespace', '-o', 'jsonpath={.status.readyReplicas}'],
        (text) => text === '3',
      );
      assert.match(
        await kubectl('delete', 'ns', 'custom-namespace', 'other'),
        /^namespace "custom-namespace" deleted\nnamespace "other" deleted\n$/,
      );
      for (const kind of ['ns', 'po,rs,deploy,svc,ep,endpointslices', 'cm,secret,sa,events']) {
        assert.doesNotMatch(await kubectl('get', kind, '-A'), /^(custom-namespace|other) /m);
      }
      await nothingLeft();
      const gone = await cluster.try(flavour, ['create', '-f', testdata('namespaces/kubia-in-custom-namespace.yaml')]);
      assert.equal(gone.code, 1);
      assert.equal(
        gone.stderr,
        `Error from server (NotFound): error when creating ${JSON.stringify(testdata('namespaces/kubia-in-custom-namespace.yaml'))}: namespaces "custom-namespace" not found\n`,
      );
    });

    it('refuses to delete the default namespace', async () => {
      const { code, stderr } = await cluster.try(flavour, ['delete', 'ns', 'default']);
      assert.deepEqual(
        [code, stderr],
        [1, 'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted\n'],
      );
    });
  });

  describe(`deleting with ${flavour}`, () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(flavour, args);

    it('takes several names, selectors and --all', async () => {
      await sleepers(flavour, ['a', 'b', 'c', 'd', 'e']);
      await kubectl('label', 'po', 'c', 'd', 'chosen=yes');
      const byName = await kubectl('delete', 'po', 'a', 'b');
      assert.match(byName, deleted('a'));
      assert.match(byName, deleted('b'));
      assert.deepEqual(await present('pods'), ['pod/c', 'pod/d', 'pod/e']);
      await kubectl('delete', 'po', '-l', 'chosen=yes');
      assert.deepEqual(await present('pods'), ['pod/e']);
      assert.match(await kubectl('delete', 'po', '--all'), deleted('e'));
      assert.deepEqual(await present('pods'), []);
      await nothingLeft();
    });

    it('says when there is nothing to delete', async () => {
      const missing = await cluster.try(flavour, ['delete', 'po', 'nobody']);
      assert.deepEqual([missing.code, missing.stderr], [1, 'Error from server (NotFound): pods "nobody" not found\n']);
      assert.equal(await kubectl('delete', 'po', 'nobody', '--ignore-not-found'), '');
      assert.equal(await kubectl('delete', 'po', '--all'), 'No resources found\n');
    });

    it('ends pods that heed SIGTERM at once, and others after their grace period', async () => {
      await kubectl('create', '-f', testdata('kubia/kubia-manual.yaml'));
      await cluster.podsReady('', 1);
      // Ready is a container that has started; the program in it heeds SIGTERM only once it runs.
      await cluster.until(['logs', 'kubia-manual'], (text) => text.includes('Kubia server starting'));
      const before = Date.now();
      await kubectl('delete', 'po', 'kubia-manual');
      assert.ok(Date.now() - before < 30_000, 'kubia ends on SIGTERM: nobody waits for its grace period');
      const stubborn = join(cluster.home, 'stubborn.yaml');
      writeFileSync(stubborn, stubbornPod);
      await kubectl('create', '-f', stubborn);
      await cluster.podsReady('', 1);
      const asked = Date.now();
      await kubectl('delete', 'po', 'stubborn', '--wait=false');
      assert.match(await kubectl('get', 'po', 'stubborn'), /^stubborn +1\/1 +Terminating +0 /m);
      assert.equal(await kubectl('get', 'po', 'stubborn', '-o', 'jsonpath={.metadata.deletionGracePeriodSeconds}'), '4');
      await cluster.until(['get', 'po', '-o', 'name'], (text) => text === '');
      const tookMs = Date.now() - asked;
      assert.ok(tookMs >= 3_500 && tookMs < 30_000, `its own 4 s, not the usual 30: gone after ${tookMs} ms`);
      await nothingLeft();
    });

    it('takes a pod away at once with --force', async () => {
      const stubborn = join(cluster.home, 'stubborn.yaml');
      writeFileSync(stubborn, stubbornPod.replace('terminationGracePeriodSeconds: 4', 'terminationGracePeriodSeconds: 300'));
      await kubectl('create', '-f', stubborn);
      await cluster.podsReady('', 1);
      const { code, stdout, stderr } = await cluster.try(flavour, ['delete', 'po', 'stubborn', '--force', '--grace-period=0']);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^pod "stubborn" force deleted/);
      assert.match(stderr, /^Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated\./);
      assert.deepEqual(await present('pods'), []);
      await nothingLeft();
    });

    it('deletes "all", and the API gets its Service back', async () => {
      const file = join(cluster.home, 'deployment.yaml');
      // A Node.js that has only just started does not heed SIGTERM yet.
      const quick = readFileSync(testdata('kubia/kubia-deployment-v1.yaml'), 'utf8');
      writeFileSync(file, quick.replace('    spec:\n', '    spec:\n      terminationGracePeriodSeconds: 1\n'));
      await kubectl('create', '-f', file, '-f', testdata('services/kubia-svc.yaml'));
      await kubectl('create', '-f', testdata('kubia/kubia-manual.yaml'));
      await cluster.podsReady('app=kubia', 3);
      const output = await kubectl('delete', 'all', '--all');
      for (const line of [/^pod "kubia-manual" deleted/m, /^service "kubia" deleted/m, /^deployment\.apps "kubia" deleted/m])
        assert.match(output, line);
      await cluster.until(['get', 'po,rs,deploy', '-o', 'name'], (text) => text === '');
      await nothingLeft();
      const services = await cluster.until(['get', 'svc', '-o', 'name'], (text) => text !== '');
      assert.equal(services, 'service/kubernetes\n');
    });
  });
}

/** Heeds no signal but SIGKILL. */
const stubbornPod = `
apiVersion: v1
kind: Pod
metadata:
  name: stubborn
spec:
  terminationGracePeriodSeconds: 4
  containers:
    - name: main
      image: busybox:1.36
      command: ["sleep", "3600"]
`;

async function sleepers(flavour: Flavour, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await cluster.kubectl(flavour, [
      'run',
      name,
      '--image=busybox:1.36',
      '--overrides={"spec":{"terminationGracePeriodSeconds":1}}',
      '--',
      'sleep',
      '3600',
    ]);
  }
  await cluster.until(['get', 'pods', '-o', 'jsonpath={.items[*].status.phase}'], (text) => text === names.map(() => 'Running').join(' '));
}
