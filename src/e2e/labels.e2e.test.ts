/** Scenarios 13 and 16: labels, selectors, annotations, a look at every kind, and a node selector. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours, testdata } from './support/cluster.ts';

const cluster = new E2eCluster({ name: 'e2e-labels' });

before(() => cluster.start());
after(() => cluster.delete());

/** Selectors and the pods of `testdata/kubia` (relabelled as below) that they choose. */
const selections: readonly (readonly [string, readonly string[]])[] = [
  ['creation_method=manual', ['kubia-manual', 'kubia-manual-v2']],
  ['creation_method==manual', ['kubia-manual', 'kubia-manual-v2']],
  ['env', ['kubia-manual-v2']],
  ['!env', ['kubia-manual', 'kubia-plain']],
  ['creation_method!=manual', ['kubia-plain']],
  ['env in (prod,debug)', ['kubia-manual-v2']],
  ['env notin (prod,devel)', ['kubia-manual', 'kubia-manual-v2', 'kubia-plain']],
  ['creation_method=manual,!env', ['kubia-manual']],
  ['creation_method in (manual),env=debug', ['kubia-manual-v2']],
  ['env=prod', []],
];

for (const flavour of flavours) {
  describe(`labels with ${flavour}`, () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(flavour, args);
    const labelsOf = async (pod: string): Promise<unknown> =>
      JSON.parse(await cluster.kubectl('kubectl', ['get', 'pod', pod, '-o', 'jsonpath={.metadata.labels}']));

    before(async () => {
      await kubectl('create', '-f', testdata('kubia/kubia-manual.yaml'), '-f', testdata('kubia/kubia-manual-with-labels.yaml'));
      await kubectl('run', 'kubia-plain', '--image=busybox:1.36', '--labels=tier=none', '--', 'sleep', '3600');
      await cluster.podsReady('', 3);
    });

    after(() => cluster.clear());

    it('shows labels', async () => {
      const all = await kubectl('get', 'po', '--show-labels');
      assert.match(all, /^NAME +READY +STATUS +RESTARTS +AGE +LABELS\n/);
      assert.match(all, /^kubia-manual +1\/1 +Running +0 +\S+ +<none>$/m);
      assert.match(all, /^kubia-manual-v2 +1\/1 +Running +0 +\S+ +creation_method=manual,env=prod$/m);
      const columns = await kubectl('get', 'po', '-L', 'creation_method,env');
      assert.match(columns, /^NAME +READY +STATUS +RESTARTS +AGE +CREATION_METHOD +ENV\n/);
      assert.match(columns, /^kubia-manual-v2 +1\/1 +Running +0 +\S+ +manual +prod$/m);
    });

    it('adds labels, and changes one only with --overwrite', async () => {
      assert.equal(await kubectl('label', 'po', 'kubia-manual', 'creation_method=manual'), 'pod/kubia-manual labeled\n');
      const refused = await cluster.try(flavour, ['label', 'po', 'kubia-manual-v2', 'env=debug']);
      assert.equal(refused.code, 1);
      assert.equal(refused.stderr, "error: 'env' already has a value (prod), and --overwrite is false\n");
      assert.equal(await kubectl('label', 'po', 'kubia-manual-v2', 'env=debug', '--overwrite'), 'pod/kubia-manual-v2 labeled\n');
      assert.equal(await kubectl('label', 'po', 'kubia-manual-v2', 'env=debug', '--overwrite'), 'pod/kubia-manual-v2 not labeled\n');
      assert.deepEqual(await labelsOf('kubia-manual-v2'), { creation_method: 'manual', env: 'debug' });
    });

    it('removes labels, and labels what a selector chooses', async () => {
      assert.equal(await kubectl('label', 'po', '-l', 'tier=none', 'mark=1'), 'pod/kubia-plain labeled\n');
      assert.equal(await kubectl('label', 'po', 'kubia-plain', 'mark-'), 'pod/kubia-plain unlabeled\n');
      assert.deepEqual(await labelsOf('kubia-plain'), { tier: 'none' });
      const invalid = await cluster.try(flavour, ['label', 'po', 'kubia-plain', 'mark=-bad-']);
      assert.equal(invalid.code, 1);
      assert.match(invalid.stderr, /a valid label must be an empty string or consist of alphanumeric characters/);
    });

    for (const [selector, names] of selections) {
      it(`selects ${JSON.stringify(selector)}`, async () => {
        const output = await kubectl('get', 'po', '-l', selector, '-o', 'name');
        assert.deepEqual(
          output
            .split('\n')
            .filter((line) => line !== '')
            .sort(),
          names.map((name) => `pod/${name}`),
        );
      });
    }

    it('annotates', async () => {
      assert.equal(
        await kubectl('annotate', 'pod', 'kubia-manual', 'mycompany.com/someannotation=foo bar'),
        'pod/kubia-manual annotated\n',
      );
      assert.match(await kubectl('describe', 'pod', 'kubia-manual'), /^Annotations: +mycompany\.com\/someannotation: foo bar$/m);
      const refused = await cluster.try(flavour, ['annotate', 'pod', 'kubia-manual', 'mycompany.com/someannotation=other']);
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /--overwrite is false but found the following declared annotation\(s\): 'mycompany\.com\/someannotation'/,
      );
      assert.equal(await kubectl('annotate', 'pod', 'kubia-manual', 'mycompany.com/someannotation-'), 'pod/kubia-manual annotated\n');
      assert.match(await kubectl('describe', 'pod', 'kubia-manual'), /^Annotations: +<none>$/m);
    });

    it('runs a pod on a node that has the label it asks for', async () => {
      await kubectl('create', '-f', testdata('scheduling/kubia-gpu.yaml'));
      await cluster.until(
        ['get', 'events', '--field-selector', 'involvedObject.name=kubia-gpu,reason=FailedScheduling', '-o', 'name'],
        (text) => text !== '',
      );
      assert.match(await kubectl('get', 'po', 'kubia-gpu'), /^kubia-gpu +0\/1 +Pending +0 /m);
      assert.match(
        await kubectl('describe', 'po', 'kubia-gpu'),
        /Warning +FailedScheduling +\S+ +default-scheduler +0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector\./,
      );
      assert.equal(await kubectl('label', 'node', 'e2e-labels', 'gpu=true'), 'node/e2e-labels labeled\n');
      await cluster.until(['get', 'po', 'kubia-gpu', '-o', 'jsonpath={.status.phase}'], (text) => text === 'Running');
      assert.match(await kubectl('get', 'nodes', '-L', 'gpu'), /^e2e-labels +Ready +.* true$/m);
      assert.equal(await kubectl('label', 'node', 'e2e-labels', 'gpu-'), 'node/e2e-labels unlabeled\n');
    });
  });

  describe(`a look at every kind with ${flavour}`, () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(flavour, args);

    before(async () => {
      await kubectl('create', '-f', testdata('kubia/kubia-deployment-v1.yaml'), '-f', testdata('services/kubia-svc.yaml'));
      await kubectl('create', '-f', testdata('book/mysql-rc.yaml'));
      await kubectl('create', 'configmap', 'settings', '--from-literal=colour=blue');
      await kubectl('create', 'secret', 'generic', 'keys', '--from-literal=password=hidden');
      await cluster.podsReady('app=kubia', 3);
      await cluster.podsReady('app=mysql', 1);
    });

    after(async () => {
      await cluster.clear();
      await kubectl('delete', 'configmap/settings', 'secret/keys');
    });

    const looks: readonly (readonly [string, readonly RegExp[]])[] = [
      [
        'pods -l app=kubia --show-events',
        [
          /^Name: +kubia-/,
          /^Controlled By: +ReplicaSet\/kubia-/m,
          /^ +Image: +luksa\/kubia:v1$/m,
          /^QoS Class: +BestEffort$/m,
          /Normal +Started +/,
        ],
      ],
      [
        'rc mysql',
        [
          /^Name: +mysql\n/,
          /^Replicas: +1 current \/ 1 desired$/m,
          /^Pods Status: +1 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed$/m,
          /SuccessfulCreate/,
        ],
      ],
      ['rs', [/^Name: +kubia-/, /^Controlled By: +Deployment\/kubia$/m, /^Replicas: +3 current \/ 3 desired$/m]],
      [
        'deployment kubia',
        [
          /^Replicas: +3 desired \| 3 updated \| 3 total \| 3 available \| 0 unavailable$/m,
          /^RollingUpdateStrategy: +0 max unavailable, 1 max surge$/m,
          /ScalingReplicaSet/,
        ],
      ],
      [
        'svc kubia',
        [/^Type: +ClusterIP$/m, /^Port: +<unset> +80\/TCP$/m, /^TargetPort: +8080\/TCP$/m, /^Endpoints: +\d+\.\d+\.\d+\.\d+:8080,/m],
      ],
      ['endpoints kubia', [/^Subsets:\n +Addresses: +\d+\.\d+/m, /<unset> +8080 +TCP/]],
      ['endpointslices', [/^AddressType: +IPv4$/m, /Ready: +true/]],
      ['configmap settings', [/^Name: +settings$/m, /colour:\n----\nblue/]],
      ['secret keys', [/^Type: +Opaque$/m, /password: +6 bytes/]],
      ['serviceaccount default', [/^Name: +default$/m, /^Namespace: +default$/m]],
      ['namespace default', [/^Name: +default$/m, /^Status: +Active$/m]],
      [
        'node e2e-labels',
        [
          /^Name: +e2e-labels$/m,
          /^Conditions:$/m,
          /Ready +True/,
          /^Capacity:$/m,
          /^System Info:$/m,
          /^Non-terminated Pods: +\(4 in total\)$/m,
          /^Allocated resources:$/m,
        ],
      ],
      ['events', [/^Name: +kubia/m, /^Reason: +Scheduled$/m]],
      ['lease -n kube-node-lease e2e-labels', [/^Name: +e2e-labels$/m, /Holder Identity: +e2e-labels/]],
    ];
    for (const [what, patterns] of looks) {
      it(`describes ${what}`, async () => {
        const text = await kubectl('describe', ...what.split(' '));
        for (const pattern of patterns) assert.match(text, pattern);
      });
    }
  });
}
