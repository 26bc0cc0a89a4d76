/**
 * States that every verb identifies a kind by its group and name. Another group's `Service` or `Deployment` is never
 * treated as the built-in one, and a workload in a former API version still is treated as a workload. The expected
 * texts are those of upstream's kubectl against the same server.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it, type TestContext } from 'node:test';
import { type FakeApiServer, fakeApiServer, type ServedKind } from '../testing/fake-api-server.ts';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { runKubectl } from './run-kubectl.ts';

const podSpec = { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] };
const workload = {
  replicas: 1,
  selector: { matchLabels: { app: 'a' } },
  template: { metadata: { labels: { app: 'a' } }, spec: podSpec },
  updateStrategy: { type: 'RollingUpdate' },
};
const status = { observedGeneration: 1, replicas: 1, readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 };
const service = { selector: { app: 'a' }, ports: [{ port: 80 }] };
const workloads = ['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet'] as const;
const other = 'serving.example.com';

const kinds: readonly (Omit<ServedKind, 'objects'> & { readonly spec: object })[] = [
  { group: '', version: 'v1', kind: 'Service', plural: 'services', spec: service },
  { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', spec: {} },
  { group: '', version: 'v1', kind: 'Pod', plural: 'pods', spec: { ...podSpec, nodeName: 'n' } },
  ...[
    { group: 'apps', version: 'v1' },
    { group: 'extensions', version: 'v1beta1' },
    { group: other, version: 'v1' },
  ].flatMap((at) => workloads.map((kind) => ({ ...at, kind, plural: `${kind.toLowerCase()}s`, spec: workload }))),
  { group: other, version: 'v1', kind: 'Service', plural: 'services', spec: service },
  { group: other, version: 'v1', kind: 'Pod', plural: 'pods', spec: podSpec },
  { group: other, version: 'v1', kind: 'ConfigMap', plural: 'configmaps', spec: {} },
  { group: other, version: 'v1', kind: 'Node', plural: 'nodes', spec: {} },
  { group: other, version: 'v1', kind: 'CronJob', plural: 'cronjobs', spec: { jobTemplate: { spec: { template: { spec: podSpec } } } } },
];

const served: readonly ServedKind[] = kinds.map(({ spec, ...kind }) => ({
  ...kind,
  objects: [
    { metadata: { name: 'w', namespace: 'default', generation: 1, labels: { app: 'a' } }, spec, status: { ...status, phase: 'Running' } },
  ],
}));

let server: FakeApiServer;
before(async () => {
  server = await fakeApiServer(served);
});
after(() => server.close());

const kubectl = async (t: TestContext, command: string): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
  const terminal = fakeTerminal(t);
  const code = await runKubectl(['--server', server.url, ...command.split(' ')], terminal);
  return { code, ...terminal.printed };
};

describe("another group's kind of a well-known name", () => {
  const unregistered = (kind: string, scheme = 'pkg/scheme/scheme.go:28'): string =>
    `error: no kind "${kind}" is registered for version "${other}/v1" in scheme "${scheme}"\n`;

  const refused: readonly (readonly [command: string, kind: string])[] = [
    [`logs services.${other}/w`, 'Service'],
    [`logs pods.${other}/w`, 'Pod'],
    [`attach deployments.${other}/w`, 'Deployment'],
    [`exec services.${other}/w -- ls`, 'Service'],
    [`expose services.${other} w --port=80`, 'Service'],
    [`expose pods.${other} w --port=80`, 'Pod'],
    [`expose deployments.${other} w --port=80 --selector=a=b`, 'Deployment'],
    [`rollout status deployments.${other}/w`, 'Deployment'],
    [`rollout history deployments.${other}/w`, 'Deployment'],
    [`rollout undo deployments.${other}/w`, 'Deployment'],
    [`rollout pause deployments.${other}/w`, 'Deployment'],
    [`rollout resume deployments.${other}/w`, 'Deployment'],
    [`rollout restart statefulsets.${other}/w`, 'StatefulSet'],
    [`set image cronjobs.${other}/w c=j`, 'CronJob'],
    [`set image deployments.${other} --all c=j`, 'DeploymentList'],
    [`set env deployments.apps/w --from=configmaps.${other}/w`, 'ConfigMap'],
    [`set resources daemonsets.${other}/w --limits=cpu=1`, 'DaemonSet'],
    [`set serviceaccount replicasets.${other}/w sa`, 'ReplicaSet'],
    [`set selector services.${other}/w a=b`, 'Service'],
    [`create job j --from=cronjobs.${other}/w`, 'CronJob'],
  ];
  for (const [command, kind] of refused) {
    it(`is refused by kubectl ${command}`, async (t) => {
      assert.deepEqual(await kubectl(t, command), { code: 1, out: '', err: unregistered(kind) });
    });
  }

  it('is refused by port-forward, which looks into another list', async (t) => {
    const { code, err } = await kubectl(t, `port-forward services.${other}/w 0:80`);
    assert.deepEqual({ code, err }, { code: 1, err: unregistered('Service', 'k8s.io/client-go/kubernetes/scheme/register.go:82') });
  });

  it('is no node', async (t) => {
    const taint = await kubectl(t, `taint nodes.${other} w a=b:NoSchedule`);
    assert.equal(taint.err, `error: invalid resource type nodes.${other}, only node types are supported\n`);
    const cordon = await kubectl(t, `cordon nodes.${other}/w`);
    assert.equal(cordon.err, `error: expected resource of type node, got "${other}/v1, Resource=nodes"\n`);
  });

  it('is described as any object', async (t) => {
    const { code, out } = await kubectl(t, `describe services.${other} w`);
    assert.equal(code, 0);
    assert.match(out, /^API Version: +serving\.example\.com\/v1$/m);
    assert.doesNotMatch(out, /Session Affinity|Endpoints:/);
    const core = await kubectl(t, 'describe services w');
    assert.match(core.out, /^Session Affinity:/m);
    assert.doesNotMatch(core.out, /API Version/);
  });
});

describe('a workload of a former version', () => {
  const succeeding: readonly (readonly [command: string, out: string])[] = [
    ['rollout status deployments.extensions/w', 'deployment "w" successfully rolled out\n'],
    ['rollout status daemonsets.extensions/w', 'daemon set "w" successfully rolled out\n'],
    ['rollout pause deployments.extensions/w', 'deployment.extensions/w paused\n'],
    ['rollout restart daemonsets.extensions/w', 'daemonset.extensions/w restarted\n'],
    ['set image deployments.extensions/w c=j', 'deployment.extensions/w image updated\n'],
  ];
  for (const [command, out] of succeeding) {
    it(`is one for kubectl ${command}`, async (t) => {
      assert.deepEqual(await kubectl(t, command), { code: 0, out, err: '' });
    });
  }

  it('can be exposed, by its selector and the ports of its containers', async (t) => {
    const { out } = await kubectl(t, 'expose replicasets.extensions w --dry-run=client -o json');
    const { spec } = JSON.parse(out) as { readonly spec: object };
    assert.deepEqual(spec, { ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }], selector: { app: 'a' } });
  });
});
