/** `kubectl top` and HorizontalPodAutoscalers: on simulated nodes, whose pods say what they use, and on Docker. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, flavours } from './support/cluster.ts';

const deployment = (replicas: number) => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {simulated.minik.io/cpu: 10m, simulated.minik.io/memory: 64Mi}}
    spec: {containers: [{name: main, image: web:1, resources: {requests: {cpu: 100m}}}]}
`;

const autoscaler = `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 4
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
  behavior: {scaleDown: {stabilizationWindowSeconds: 0}}
`;

describe('autoscaling on simulated nodes', () => {
  const cluster = new E2eCluster({ name: 'e2e-autoscaling', runtime: 'simulated' });
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

  before(async () => {
    await cluster.start();
    await cluster.kubectl('kubectl', ['apply', '-f', '-'], { stdin: deployment(1) });
    await cluster.podsReady('app=web', 1);
  });
  after(() => cluster.delete());

  for (const flavour of flavours) {
    it(`shows what annotations say, with ${flavour}`, async () => {
      const top = (...args: string[]): Promise<string> => cluster.kubectl(flavour, ['top', ...args]);
      assert.match(await top('pods'), /^NAME +CPU\(cores\) +MEMORY\(bytes\) *\nweb-\S+ +10m +64Mi *\n$/);
      assert.match(await top('pod', '-A', '--containers', '--no-headers', '--sort-by=cpu'), /^default +web-\S+ +main +10m +64Mi *\n$/);
      assert.match(await top('pod', '-l', 'app=web', '--sum'), /_{8} +_{8} *\n +10m +64Mi *\n$/);
      assert.match(await top('node'), /^NAME +CPU\(cores\) .*\ne2e-autoscaling +30m +0% +320Mi +0% *\n$/);
      const none = await cluster.try(flavour, ['top', 'pod', 'nope']);
      assert.deepEqual([none.code, none.stderr], [1, 'Error from server (NotFound): pods "nope" not found\n']);
    });
  }

  it('scales up and down by what pods use', async () => {
    await kubectl('annotate', 'pod', '-l', 'app=web', '--overwrite', 'simulated.minik.io/cpu=400m');
    await cluster.kubectl('kubectl', ['apply', '-f', '-'], { stdin: autoscaler });
    await cluster.until(['get', 'deploy', 'web', '-o', 'jsonpath={.spec.replicas}'], (text) => text === '4');
    await cluster.until(['get', 'hpa', 'web', '--no-headers'], (text) => /^web +Deployment\/web +cpu: 400%\/50% +1 +4 +\d /.test(text));
    await kubectl('annotate', 'pod', '-l', 'app=web', '--overwrite', 'simulated.minik.io/cpu=10m');
    await cluster.until(['get', 'deploy', 'web', '-o', 'jsonpath={.spec.replicas}'], (text) => text === '1');
    const ofAutoscalers = ['--field-selector', 'involvedObject.kind=HorizontalPodAutoscaler'];
    const events = await cluster.until(['get', 'events', ...ofAutoscalers, '-o', 'jsonpath={.items[*].message}'], (text) =>
      text.includes('New size: 1; reason: All metrics below target'),
    );
    assert.match(events, /New size: 4; reason: cpu resource utilization \(percentage of request\) above target/);
  });

  it('is asked for by kubectl autoscale', async () => {
    const made = await cluster.kubectl('minik kubectl', [
      'autoscale',
      'deploy/web',
      '--name=other',
      '--max=3',
      '--cpu=70%',
      '--memory=200',
    ]);
    assert.equal(made, 'horizontalpodautoscaler.autoscaling/other autoscaled\n');
    const described = await Promise.all(
      flavours.map((flavour) => cluster.kubectl(flavour, ['describe', 'hpa', 'other', '--show-events=false'])),
    );
    assert.equal(described[1], described[0]);
    assert.match(described[0] ?? '', /resource memory on pods: +<unknown> \/ 200Mi\n/);
  });
});

describe('usage on Docker', () => {
  const cluster = new E2eCluster({ name: 'e2e-usage' });

  before(async () => {
    await cluster.start();
    const overrides = {
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          { name: 'busy', image: 'busybox:1.36', command: ['sh', '-c', 'while :; do :; done'], resources: { limits: { cpu: '100m' } } },
        ],
      },
    };
    await cluster.kubectl('kubectl', ['run', 'busy', '--image=busybox:1.36', `--overrides=${JSON.stringify(overrides)}`]);
    await cluster.podsReady('run=busy', 1);
  });
  after(() => cluster.delete());

  it('is measured when somebody asks', async () => {
    const [, cpu, memory] = /^busy +(\d+)m +(\d+)Mi *$/m.exec(await cluster.kubectl('kubectl', ['top', 'pod'])) ?? [];
    assert.ok(Number(cpu) >= 20 && Number(cpu) <= 200, `${cpu}m of the 100m that it may use`);
    assert.ok(Number(memory) < 100, `${memory}Mi`);
    assert.match(await cluster.kubectl('kubectl', ['top', 'node', '--no-headers']), /^e2e-usage +\d+m +\d+% +\d+Mi +\d+% *\n$/);
  });
});
