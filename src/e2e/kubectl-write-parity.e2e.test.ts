/** The bundled kubectl's verbs that write and stream say and do what the real one does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, type Flavour, flavours } from './support/cluster.ts';
import { parity } from './support/parity.ts';

const cluster = new E2eCluster({ name: 'kwparity', runtime: 'simulated' });
const namespaceOf: Readonly<Record<Flavour, string>> = { kubectl: 'parity-real', 'minik kubectl': 'parity-ours' };

const deployment = (replicas: number, image = 'busybox:1'): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: ${image}
        command: [sh, -c, 'echo started; sleep 1000']
        ports: [{containerPort: 80, name: http}]
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
`;

const pod = `apiVersion: v1
kind: Pod
metadata: {name: two, labels: {app: two}}
spec:
  containers:
  - {name: a, image: busybox, command: [sh, -c, 'echo hello; echo world; sleep 1000']}
  - {name: b, image: busybox, command: [sh, -c, 'echo bee; sleep 1000']}
`;

const { step, command, same } = parity(cluster, namespaceOf);

const file = (name: string, text: string): string => {
  const path = join(cluster.home, name);
  writeFileSync(path, text);
  return path;
};

describe('the bundled kubectl, writing and streaming', () => {
  before(async () => {
    await cluster.start();
    for (const flavour of flavours) await cluster.kubectl(flavour, ['create', 'namespace', namespaceOf[flavour]]);
  });
  after(() => cluster.delete());

  it('applies, changes and deletes manifests', async () => {
    await same([
      step('apply -f -', deployment(1)),
      step('apply -f -', deployment(1)),
      step('apply -f -', deployment(2)),
      step('apply -f - --dry-run=server', deployment(3)),
      step('apply view-last-applied deployment web'),
      step('create -f -', deployment(2)),
      step('replace -f -', deployment(1)),
      step('delete -f -', deployment(1)),
      step('delete -f -', deployment(1)),
      step('delete deployment web --ignore-not-found'),
      step('apply'),
      step('delete'),
      step('create'),
    ]);
  });

  it('applies on the server, and takes over from the client', async () => {
    await same([
      step('apply -f -', deployment(1)),
      step('apply --server-side -f -', deployment(1)),
      step('apply --server-side -f -', deployment(2)),
      step('scale deployment web --replicas=3'),
      step('apply --server-side -f -', deployment(1)),
      step('apply --server-side --force-conflicts -f -', deployment(1)),
      step('apply --server-side --field-manager=other -f -', deployment(4)),
      step('apply --server-side --dry-run=server -f -', deployment(1)),
      step('apply --server-side --dry-run=client -f -', deployment(1)),
      step('apply --force-conflicts -f -', deployment(1)),
      step('get deployment web -o jsonpath={.metadata.managedFields[*].fieldsV1.f:spec}'),
      step('delete -f -', deployment(1)),
    ]);
  });

  it('generates objects', async () => {
    const data = file('data.txt', 'line\n');
    await same([
      step(`create configmap c1 --from-literal=a=b --from-file=${data} --from-file=other=${data} --dry-run=client -o yaml`),
      step('create configmap c1 --from-literal=a=b'),
      step('create configmap c1 --from-literal=a=b'),
      step('create configmap c2 --from-literal=ab'),
      step('create secret generic s1 --from-literal=user=admin --dry-run=client -o yaml'),
      step('create secret docker-registry r1 --docker-username=u --docker-password=p --dry-run=client -o yaml'),
      step('create serviceaccount robot'),
      step('create service nodeport np --tcp=80:8080 --node-port=31999 --dry-run=client -o yaml'),
      step('create service clusterip none --clusterip=None --dry-run=client -o yaml'),
      step('create service clusterip bad'),
      step('create deployment d1 --image=nginx:1.25 --port=80 --replicas=2 --dry-run=client -o yaml'),
      step('run p1 --image=busybox --env=A=b --labels=x=y --restart=Never --dry-run=client -o yaml -- sh -c true'),
      step('create namespace x --dry-run=client -o name'),
    ]);
  });

  it('labels, annotates, scales, exposes and sets', async () => {
    await same([
      step('create deployment d --image=busybox:1'),
      step('label deployment d tier=web'),
      step('label deployment d tier=web'),
      step('label deployment d tier=db'),
      step('label deployment d tier=db --overwrite'),
      step('label deployment d tier-'),
      step('label deployment d'),
      step('annotate deployment d note=one'),
      step('annotate deployment d note=two'),
      step('annotate deployment d note-'),
      step('scale deployment d --replicas=2'),
      step('scale deployment d --replicas=1 --current-replicas=7'),
      step('expose deployment d'),
      step('expose deployment d --port=80 --target-port=8080 --type=NodePort --name=d-svc --dry-run=client -o yaml'),
      step('expose deployment d --port=80'),
      step('set image deployment/d busybox=busybox:2'),
      step('set image deployment/d nope=busybox:2'),
      step('set env deployment/d A=b'),
      step('set env deployment/d --list'),
      step('set resources deployment d --limits=cpu=100m'),
      // A deployment's status may change between kubectl's reading and patching: only what no controller writes can be
      // told unchanged.
      command('patch', 'configmap', 'kube-root-ca.crt', '-p', '{"metadata":{"labels":{"a":"b"}}}'),
      command('patch', 'configmap', 'kube-root-ca.crt', '-p', '{"metadata":{"labels":{"a":"b"}}}'),
      command('patch', 'deployment', 'd', '-p', '{"spec":{"replicas":1}}'),
      command('patch', 'deployment', 'd', '--type=json', '-p', '[{"op":"replace","path":"/spec/replicas","value":-1}]'),
      step('delete deployment,service -l app=d'),
      step('delete deployment,service -l app=d'),
    ]);
  });

  it('scales, exposes, patches and deletes replication controllers', async () => {
    const rc = {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'rc', labels: { app: 'rc' } },
      spec: {
        replicas: 2,
        selector: { app: 'rc' },
        template: {
          metadata: { labels: { app: 'rc' } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [{ name: 'main', image: 'busybox', command: ['sleep', '9999'], ports: [{ containerPort: 6379 }] }],
          },
        },
      },
    };
    await same([
      step('create -f -', JSON.stringify(rc)),
      step('wait --for=jsonpath={.status.readyReplicas}=2 rc/rc --timeout=30s'),
      step('scale rc rc --replicas=1'),
      step('wait --for=jsonpath={.status.readyReplicas}=1 rc/rc --timeout=30s'),
      step('scale rc rc --replicas=2 --current-replicas=5'),
      step('scale rc rc --replicas=2 --current-replicas=1'),
      step('expose rc rc --name=first --port=1234 --target-port=6379'),
      step('get service first -o jsonpath={.spec.ports}{.spec.selector}'),
      step('expose service first --name=second --port=2345 --target-port=6379'),
      step('get service second -o jsonpath={.spec.ports}{.spec.selector}'),
      step('rollout status rc/rc'),
      step('rollout undo rc/rc'),
      step('set image rc/rc main=busybox:2'),
      step('label rc rc tier=back'),
      step('get rc rc -o name'),
      step('delete rc rc --cascade=orphan'),
      step('delete rc rc'),
      step('delete service first second'),
    ]);
  });

  it('replaces pods, in place and by force, and patches them in dry runs', async () => {
    const named = (name: string, image: string): string =>
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name, image }] } });
    await same([
      step('run one --image=busybox:1 --restart=Never'),
      step('replace --force -f - --grace-period=0', named('one', 'busybox:2')),
      step('get pod one -o jsonpath={.spec.containers[0].image}'),
      step('replace -f -', named('none', 'busybox:2')),
      step('replace --force -f -', named('none', 'busybox:2')),
      step('replace -f - --grace-period=3', named('one', 'busybox:2')),
      step('replace -f - --timeout=1s', named('one', 'busybox:2')),
      step('replace'),
      command('patch', 'pod', 'one', '--dry-run=server', '-p', '{"spec":{"containers":[{"name":"one","image":"busybox:9"}]}}'),
      command('patch', 'pod', 'one', '--dry-run=client', '-p', '{"spec":{"containers":[{"name":"one","image":"busybox:9"}]}}'),
      step('get pod one -o jsonpath={.spec.containers[0].image}'),
      step('delete pod one none --now'),
    ]);
  });

  it('brings roles and bindings to what files say', async () => {
    // kubectl reconciles what names no namespace as if it belonged to none, and fails.
    const rbac = (verbs: string, user: string): string => `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: NAMESPACE}
rules: [{apiGroups: [''], resources: [pods], verbs: [${verbs}]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: ${user}}]
`;
    await same([
      step('auth reconcile -f - --dry-run=client', rbac('get', 'jane')),
      step('auth reconcile -f -', rbac('get', 'jane')),
      step('auth reconcile -f -', rbac('get, list', 'joe')),
      step('auth reconcile -f - --remove-extra-permissions --remove-extra-subjects', rbac('list', 'joe')),
      step('set subject rolebinding readers --user=ann --group=devs'),
      step('set subject rolebinding readers --user=ann'),
      step('set subject role reader --user=ann'),
      step('set subject rolebinding readers --serviceaccount=a'),
      step('delete role,rolebinding --all'),
    ]);
  });

  it('follows rollouts and waits', async () => {
    await same([
      step('create deployment r --image=busybox:1'),
      step('wait --for=condition=Available deployment/r --timeout=30s'),
      step('rollout status deployment/r'),
      step('set image deployment/r busybox=busybox:2'),
      step('wait --for=jsonpath={.status.updatedReplicas}=1 deployment/r'),
      step('rollout history deployment/r'),
      step('rollout history deployment/r --revision=1'),
      step('rollout history deployment/r --revision=9'),
      step('rollout undo deployment/r'),
      step('rollout undo deployment/r --to-revision=9'),
      step('rollout pause deployment/r'),
      step('rollout pause deployment/r'),
      step('rollout restart deployment/r'),
      step('rollout resume deployment/r'),
      step('rollout restart deployment/r'),
      step('wait --for=condition=Never deployment/r --timeout=1s'),
      step('wait --for=nonsense deployment/r'),
      step('wait --for=delete deployment/none'),
      step('delete deployment r'),
    ]);
  });

  it('reads logs and runs commands', async () => {
    await same([
      step('apply -f -', pod),
      step('wait --for=condition=Ready pod/two --timeout=30s'),
      step('logs two'),
      step('logs two -c b'),
      step('logs two --all-containers --prefix'),
      step('logs two --tail=1'),
      step('logs two --limit-bytes=1'),
      step('logs two --tail=1 --since=24h'),
      step('logs none'),
      step('logs'),
      step('exec two -- echo hi'),
      command('exec', 'two', '-c', 'b', '--', 'sh', '-c', 'exit 3'),
      step('exec -i two -- cat', 'typed\n'),
      step('exec two ls'),
      step('exec none -- ls'),
      step('delete pod two --grace-period=1'),
    ]);
  });
});
