/** Scenario 21: a Deployment's roll-outs, watched from the host by somebody who uses the application all the time. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours, testdata } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-rolling' });
const deployment = testdata('kubia/kubia-deployment-v1.yaml');

before(() => cluster.start());
after(() => cluster.delete());

/** Asks again and again until `stop`: what was answered, and what went wrong. */
function visitor(url: string): { readonly seen: Map<string, number>; readonly failures: string[]; stop(): Promise<void> } {
  const seen = new Map<string, number>();
  const failures: string[] = [];
  let on = true;
  const visit = async (): Promise<void> => {
    while (on) {
      try {
        const response = await fetch(url, { headers: { connection: 'close' } });
        const text = await response.text();
        const version = /^This is (v\d) running in pod /.exec(text)?.[1];
        if (version === undefined) failures.push(`${response.status} ${text}`);
        else seen.set(version, (seen.get(version) ?? 0) + 1);
      } catch (error) {
        failures.push(`${error}: ${error instanceof Error ? error.cause : ''}`);
      }
    }
  };
  const visits = visit();
  return {
    seen,
    failures,
    stop: () => {
      on = false;
      return visits;
    },
  };
}

const field = (path: string): Promise<string> => cluster.kubectl('kubectl', ['get', 'deploy', 'kubia', '-o', `jsonpath={${path}}`]);

/** The images of the three pods, once those that were replaced are gone. */
const images = async (): Promise<readonly string[]> => {
  await cluster.podsReady('app=kubia', 3);
  return (await cluster.kubectl('kubectl', ['get', 'po', '-l', 'app=kubia', '-o', 'jsonpath={.items[*].spec.containers[0].image}'])).split(
    ' ',
  );
};

for (const flavour of flavours) {
  describe(`a deployment with ${flavour}`, () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(flavour, args);
    /** What the bundled command line has no verb for. */
    const real = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
    let url = '';

    after(() => cluster.clear());

    it('is rolled out', async () => {
      // kubia drops what it is answering when it is told to end, on any cluster: it must be told after its Service
      // forgot it.
      const file = join(cluster.home, 'deployment.yaml');
      const policy = '          imagePullPolicy: IfNotPresent\n';
      const hook = '          lifecycle: { preStop: { sleep: { seconds: 1 } } }\n';
      writeFileSync(file, readFileSync(deployment, 'utf8').replace(policy, policy + hook));
      assert.equal(await kubectl('create', '-f', file), 'deployment.apps/kubia created\n');
      assert.match(await kubectl('rollout', 'status', 'deployment/kubia'), /^deployment "kubia" successfully rolled out$/m);
      assert.match(await kubectl('get', 'deploy'), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nkubia +3\/3 +3 +3 +/);
      const hash = await kubectl('get', 'rs', '-l', 'app=kubia', '-o', 'jsonpath={.items[0].metadata.labels.pod-template-hash}');
      assert.match(await kubectl('get', 'rs'), new RegExp(`^kubia-${hash} +3 +3 +3 +`, 'm'));
      for (const pod of await cluster.podsReady('app=kubia', 3)) assert.match(pod, new RegExp(`^kubia-${hash}-\\w{5}$`));
      await kubectl('create', '-f', testdata('services/kubia-svc-loadbalancer.yaml'));
      const ip = await cluster.until(
        ['get', 'svc', 'kubia-loadbalancer', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'],
        (text) => text !== '',
      );
      url = `http://${ip}:8080`;
      await eventually(async () => assert.match(await (await fetch(url)).text(), /^This is v1 running in pod kubia-/));
    });

    it('goes from v1 to v2 without a failed request, within maxSurge and maxUnavailable', async () => {
      // A pod ready for less than minReadySeconds is not available: the rollout shall start from three that are.
      const readySince = 'jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].lastTransitionTime}{"\\n"}{end}';
      await cluster.until(['get', 'pods', '-l', 'app=kubia', '-o', readySince], (text) =>
        text
          .trim()
          .split('\n')
          .every((time) => Date.now() - Date.parse(time) > 2_000),
      );
      await real('patch', 'deploy', 'kubia', '-p', '{"spec":{"minReadySeconds":1}}');
      const counts = cluster.background('kubectl', [
        'get',
        'deploy',
        'kubia',
        '--watch',
        '-o',
        'jsonpath={.status.replicas}/{.status.availableReplicas}{"\\n"}',
      ]);
      const visits = visitor(url);
      try {
        await eventually(() => assert.match(counts.output(), /^3\/3$/m, 'the watch has begun'));
        await real('set', 'image', 'deployment', 'kubia', 'nodejs=luksa/kubia:v2');
        const progress = await kubectl('rollout', 'status', 'deployment', 'kubia');
        assert.match(progress, /^Waiting for deployment "kubia" rollout to finish: [12] out of 3 new replicas have been updated\.\.\.$/m);
        assert.match(progress, /^deployment "kubia" successfully rolled out\n$/m);
        await eventually(() => assert.ok((visits.seen.get('v2') ?? 0) > 20));
      } finally {
        await visits.stop();
        await counts.stop();
      }
      assert.deepEqual([...visits.seen.keys()].sort(), ['v1', 'v2']);
      assert.deepEqual(visits.failures, []);
      const states = counts.output().trim().split('\n');
      for (const state of states) {
        const [replicas, available] = state.split('/').map(Number);
        assert.ok((replicas ?? 9) <= 4 && (available ?? 0) >= 3, states.join(' '));
      }
      assert.ok(
        states.some((state) => state.startsWith('4/')),
        'surged',
      );
      assert.deepEqual(await images(), ['luksa/kubia:v2', 'luksa/kubia:v2', 'luksa/kubia:v2']);
      assert.match(await kubectl('describe', 'deploy', 'kubia'), /ScalingReplicaSet .* Scaled up replica set kubia-\w+ from 0 to 1/);
    });

    it('keeps its history, and goes back', async () => {
      const history = await real('rollout', 'history', 'deployment/kubia');
      assert.match(history, /^deployment\.apps\/kubia \nREVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n/);
      assert.match(await real('rollout', 'history', 'deployment/kubia', '--revision=1'), /Image:\s+luksa\/kubia:v1/);
      assert.equal(await real('rollout', 'undo', 'deployment/kubia'), 'deployment.apps/kubia rolled back\n');
      await kubectl('rollout', 'status', 'deployment/kubia');
      assert.deepEqual(new Set(await images()), new Set(['luksa/kubia:v1']));
      assert.match(await real('rollout', 'history', 'deployment/kubia'), /CHANGE-CAUSE\n2 +<none>\n3 +<none>\n/);
      await real('rollout', 'undo', 'deployment/kubia', '--to-revision=2');
      await kubectl('rollout', 'status', 'deployment/kubia');
      assert.deepEqual(new Set(await images()), new Set(['luksa/kubia:v2']));
    });

    it('waits while it is paused', async () => {
      await real('rollout', 'pause', 'deployment/kubia');
      await real('set', 'image', 'deployment/kubia', 'nodejs=luksa/kubia:v4');
      await eventually(async () => assert.equal(await field('.status.observedGeneration'), await field('.metadata.generation')));
      assert.equal(await field('.status.conditions[?(@.type=="Progressing")].reason'), 'DeploymentPaused');
      assert.deepEqual(new Set(await images()), new Set(['luksa/kubia:v2']));
      assert.equal((await kubectl('get', 'rs', '-o', 'name')).trim().split('\n').length, 2, 'no new replica set');
      await real('rollout', 'resume', 'deployment/kubia');
      await kubectl('rollout', 'status', 'deployment/kubia');
      assert.deepEqual(new Set(await images()), new Set(['luksa/kubia:v4']));
    });

    it('is restarted', async () => {
      const before = await cluster.podsReady('app=kubia', 3);
      await real('rollout', 'restart', 'deployment/kubia');
      await kubectl('rollout', 'status', 'deployment/kubia');
      const now = await cluster.podsReady('app=kubia', 3);
      assert.deepEqual(
        now.filter((pod) => before.includes(pod)),
        [],
      );
    });

    it('keeps the replicas that scale gives it, in proportion', async () => {
      await kubectl('scale', 'deployment', 'kubia', '--replicas=1');
      await cluster.podsReady('app=kubia', 1);
      assert.equal(await field('.spec.replicas'), '1');
    });
  });
}

describe('a bad version', () => {
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
  after(() => cluster.clear());

  it('is stopped by its readiness probe, and undone', async () => {
    await kubectl('apply', '-f', deployment);
    await kubectl('rollout', 'status', 'deploy/kubia');
    const before = await cluster.podsReady('app=kubia', 3);
    await kubectl('apply', '-f', testdata('kubia/kubia-deployment-v3-with-readiness.yaml'));
    await kubectl('patch', 'deploy', 'kubia', '-p', '{"spec":{"progressDeadlineSeconds":12}}');
    const { code, stdout, stderr } = await cluster.try('kubectl', ['rollout', 'status', 'deploy/kubia']);
    assert.equal(code, 1);
    assert.match(stdout, /^Waiting for deployment "kubia" rollout to finish: 1 out of 3 new replicas have been updated\.\.\.$/m);
    assert.equal(stderr, 'error: deployment "kubia" exceeded its progress deadline\n');
    assert.equal(await field('.status.conditions[?(@.type=="Progressing")].reason'), 'ProgressDeadlineExceeded');
    assert.match(
      await field('.status.conditions[?(@.type=="Progressing")].message'),
      /^ReplicaSet "kubia-\w+" has timed out progressing\.$/,
    );
    // On a busy machine the bad pod starts, answers and then fails only after the deadline.
    const isBad = /^kubia-\w+-\w{5} +0\/1 +Running +0 /m;
    const failed = /Unhealthy .* Readiness probe failed: HTTP probe failed with statuscode: 500/;
    await cluster.until(['get', 'events'], (events) => failed.test(events));
    const pods = await cluster.until(['get', 'po', '-l', 'app=kubia'], (text) => isBad.test(text));
    for (const pod of before) assert.match(pods, new RegExp(`^${pod} +1/1 +Running`, 'm'));
    await kubectl('rollout', 'undo', 'deploy/kubia');
    await kubectl('rollout', 'status', 'deploy/kubia');
    assert.deepEqual([...(await cluster.podsReady('app=kubia', 3))].sort(), [...before].sort(), 'the good pods were never touched');
  });
});

describe('the Recreate strategy', () => {
  after(() => cluster.clear());

  it('starts new pods only when the old ones are gone', async () => {
    const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
    await kubectl('create', '-f', testdata('kubia/kubia-deployment-recreate.yaml'));
    await cluster.podsReady('app=kubia-recreate', 2);
    const watch = cluster.background('kubectl', [
      'get',
      'rs',
      '-l',
      'app=kubia-recreate',
      '--watch',
      '-o',
      'jsonpath={.spec.template.spec.containers[0].image} {.status.replicas}{"\\n"}',
    ]);
    try {
      await eventually(() => assert.match(watch.output(), /^luksa\/kubia:v1 2$/m, 'the watch has begun'));
      await kubectl('set', 'image', 'deploy/kubia-recreate', 'nodejs=luksa/kubia:v2');
      await kubectl('rollout', 'status', 'deploy/kubia-recreate');
    } finally {
      await watch.stop();
    }
    const lines = watch.output().trim().split('\n');
    const gone = lines.indexOf('luksa/kubia:v1 0');
    const arrived = lines.indexOf('luksa/kubia:v2 2');
    assert.ok(gone >= 0 && arrived > gone, lines.join('\n'));
  });
});
