/**
 * A kind is its group and its name: another group's `Service` or `Deployment` is never taken for the core one, by any verb, and a workload
 * of a former version still is one. What is expected is what upstream's kubectl answers to the same server.
 */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fakeTerminal } from '../testing/fake-terminal.ts';
import { runKubectl } from './run-kubectl.ts';

interface Served {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly spec: object;
}

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

const served: readonly Served[] = [
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

const base = ({ group, version }: Served): string => (group === '' ? `/api/${version}` : `/apis/${group}/${version}`);
const collection = (one: Served): string => `${base(one)}/namespaces/default/${one.plural}`;

const objectOf = (one: Served): object => ({
  apiVersion: one.group === '' ? one.version : `${one.group}/${one.version}`,
  kind: one.kind,
  metadata: { name: 'w', namespace: 'default', generation: 1, resourceVersion: '1', labels: { app: 'a' } },
  spec: one.spec,
  status: { ...status, phase: 'Running' },
});

const discovery = (core: boolean): object => ({
  kind: 'APIGroupDiscoveryList',
  items: [...new Set(served.map((one) => one.group))]
    .filter((group) => (group === '') === core)
    .map((group) => {
      const members = served.filter((one) => one.group === group);
      const resources = members.map((one) => ({
        resource: one.plural,
        responseKind: { kind: one.kind },
        scope: 'Namespaced',
        singularResource: one.kind.toLowerCase(),
        verbs: ['get', 'list', 'watch', 'patch'],
      }));
      return { metadata: { name: group }, versions: [{ version: members[0]?.version ?? '', resources }] };
    }),
});

function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const path = url.split('?')[0] ?? '';
  const send = (body: object): void => void response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  const found = served.find((one) => path === collection(one) || path.startsWith(`${collection(one)}/`));
  if (path === '/api' || path === '/apis') send(discovery(path === '/api'));
  else if (path.endsWith('/log')) response.end('a line\n');
  else if (url.includes('watch=true') && found !== undefined)
    response.write(`${JSON.stringify({ type: 'ADDED', object: objectOf(found) })}\n`);
  else if (found === undefined) send({ kind: 'List', apiVersion: 'v1', metadata: { resourceVersion: '1' }, items: [] });
  else if (path === collection(found)) send({ kind: `${found.kind}List`, metadata: { resourceVersion: '1' }, items: [objectOf(found)] });
  else send(objectOf(found));
}

let server: Server;
let url = '';
before(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

const kubectl = async (t: TestContext, command: string): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
  const terminal = fakeTerminal(t);
  const code = await runKubectl(['--server', url, ...command.split(' ')], terminal);
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
