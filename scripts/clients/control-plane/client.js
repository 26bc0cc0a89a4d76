// What scripts/test --clients tries with upstream's own kube-controller-manager and kube-scheduler: they run the
// cluster, since minik's controllers and scheduler are off. See scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apply, eventually, folder, freePort, items, kubectl, launch, namespace, pki, read, report, rolledOut, wait } from './shell.js';

const template = (labels, spec = {}) => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }], ...spec },
});
const workload = (kind, name, spec) => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name },
  spec: { selector: { matchLabels: { app: name } }, template: template({ app: name }), ...spec },
});

/** Starts a program as the user of its name. */
async function launchAs(name, flags) {
  const config = JSON.parse(kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
  for (const { user } of config.users) user.as = `system:${name}`;
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  const own = ['--kubeconfig', '--authentication-kubeconfig', '--authorization-kubeconfig'].map((flag) => `${flag}=${file}`);
  const args = [...own, `--cert-dir=${folder}`, '--bind-address=127.0.0.1', `--secure-port=${await freePort()}`, '--v=2', ...flags];
  return launch(name, JSON.parse(process.env.CLIENT_PROGRAMS)[name], args);
}

const started = [
  await launchAs('kube-controller-manager', [
    '--use-service-account-credentials',
    `--root-ca-file=${join(pki, 'ca.crt')}`,
    `--service-account-private-key-file=${join(pki, 'sa.key')}`,
    `--cluster-signing-cert-file=${join(pki, 'ca.crt')}`,
    `--cluster-signing-key-file=${join(pki, 'ca.key')}`,
    `--flex-volume-plugin-dir=${folder}`,
    '--concurrent-gc-syncs=5',
  ]),
  await launchAs('kube-scheduler', []),
];

/** Lines that tell of a kind, a verb or a right that is missing here. */
const complaints = () =>
  started.flatMap(({ name, log }) =>
    log()
      .split('\n')
      .filter((line) => /Failed to (watch|list)|forbidden|the server could not find|panic|timed out waiting for caches/i.test(line))
      .map((line) => `${name}: ${line}`),
  );

async function leading() {
  for (const { name } of started) {
    await eventually(`${name} leads`, () => read('lease', name, '--namespace', 'kube-system').spec.holderIdentity);
  }
  await eventually("the garbage collector's informers are in sync", () => /all resource monitors have synced/i.test(started[0].log()));
  await eventually('the namespace has its account', () => read('serviceaccount', 'default'));
  assert.deepEqual(complaints(), []);
}

async function deployments() {
  apply(workload('Deployment', 'web', { replicas: 3 }));
  rolledOut('deployment/web');
  apply({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web' },
    spec: { minAvailable: 2, selector: { matchLabels: { app: 'web' } } },
  });
  await eventually('the budget allows one', () => read('pdb', 'web').status.disruptionsAllowed === 1);
  kubectl(['set', 'image', 'deployment/web', 'main=busybox:1.37']);
  rolledOut('deployment/web');
  kubectl(['rollout', 'undo', 'deployment/web']);
  rolledOut('deployment/web');
  kubectl(['scale', 'deployment/web', '--replicas=5']);
  rolledOut('deployment/web');
  const images = items('pods', '-l', 'app=web').filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  assert.deepEqual(
    images.map(({ spec }) => spec.containers[0].image),
    Array(5).fill('busybox:1.36'),
  );
  assert.equal(items('replicasets', '-l', 'app=web').length, 2);
}

async function statefulSets() {
  apply(workload('StatefulSet', 'store', { serviceName: 'store', replicas: 3 }));
  rolledOut('statefulset/store');
  const [first] = items('pods', '-l', 'app=store');
  kubectl(['delete', 'pod', first.metadata.name]);
  await eventually('it is made again', () => {
    const { metadata, status } = read('pod', first.metadata.name);
    return metadata.uid !== first.metadata.uid && status.phase === 'Running';
  });
  kubectl(['scale', 'statefulset/store', '--replicas=1']);
  await eventually(
    'the last go first',
    () =>
      items('pods', '-l', 'app=store')
        .map(({ metadata }) => metadata.name)
        .join() === 'store-0',
  );
}

async function jobs() {
  const once = { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', 'echo done'] }] };
  const spec = { completions: 4, parallelism: 2, completionMode: 'Indexed', template: template({}, once) };
  apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once' }, spec });
  wait('condition=Complete', 'job/once');
  const { status } = read('job', 'once');
  assert.deepEqual([status.succeeded, status.completedIndexes], [4, '0-3']);
  const short = { ...spec, completions: 1, completionMode: 'NonIndexed', ttlSecondsAfterFinished: 1 };
  apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'short' }, spec: short });
  wait('delete', 'job/short');
  const schedule = { schedule: '* * * * *', suspend: true, jobTemplate: { spec } };
  apply({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick' }, spec: schedule });
  kubectl(['create', 'job', 'now', '--from=cronjob/tick']);
  wait('condition=Complete', 'job/now');
  kubectl(['patch', 'cronjob', 'tick', '--patch={"spec":{"suspend":false}}']);
  await eventually('it has run', () => read('cronjob', 'tick').status.lastSuccessfulTime, 90_000);
  kubectl(['delete', 'cronjob', 'tick']);
}

async function daemonSets() {
  apply(workload('DaemonSet', 'every', {}));
  rolledOut('daemonset/every');
  assert.equal(read('daemonset', 'every').status.numberReady, items('nodes').length);
  kubectl(['rollout', 'restart', 'daemonset/every']);
  rolledOut('daemonset/every');
}

async function services() {
  kubectl(['expose', 'deployment', 'web', '--port=80']);
  const ready = () => items('endpointslices', '-l', 'kubernetes.io/service-name=web').flatMap(({ endpoints }) => endpoints ?? []);
  await eventually('five are ready', () => ready().filter(({ conditions }) => conditions.ready).length === 5);
  assert.equal(read('endpoints', 'web').subsets[0].addresses.length, 5);
}

async function garbage() {
  const none = (...args) => eventually(`no ${args.join(' ')}`, () => items(...args).length === 0);
  kubectl(['delete', 'deployment', 'web']);
  await none('replicasets,pods', '-l', 'app=web');
  kubectl(['delete', 'job', 'once', '--cascade=foreground', '--wait']);
  assert.equal(items('pods', '-l', 'job-name=once').length, 0);
  kubectl(['delete', 'statefulset', 'store', '--cascade=orphan']);
  await eventually('it has no owner', () => read('pod', 'store-0').metadata.ownerReferences === undefined);
  kubectl(['create', 'namespace', 'short-lived']);
  kubectl(['create', 'configmap', 'a', '--namespace', 'short-lived']);
  kubectl(['run', 'a', '--image=busybox:1.36', '--namespace', 'short-lived', '--grace-period=1', '--command', '--', 'sleep', '1h']);
  kubectl(['delete', 'namespace', 'short-lived', '--timeout=60s']);
}

async function quotas() {
  kubectl(['create', 'quota', 'few', '--hard=count/secrets=1,pods=50']);
  const used = () => read('quota', 'few').status.used;
  await eventually('it is counted', () => Number(used().pods) === items('pods').length);
  kubectl(['create', 'secret', 'generic', 'one']);
  assert.throws(() => kubectl(['create', 'secret', 'generic', 'two']), /exceeded quota: few/);
  kubectl(['delete', 'secret', 'one']);
  await eventually('it is free again', () => used()['count/secrets'] === '0');
  kubectl(['delete', 'quota', 'few']);
}

async function scheduling() {
  const pod = (name, spec) => ({ apiVersion: 'v1', kind: 'Pod', ...template({}, spec), metadata: { name } });
  const [{ status }] = items('nodes');
  const half = `${Math.ceil(Number(status.allocatable.cpu) * 0.6 * 1000)}m`;
  const wanting = (name, more) =>
    pod(name, { ...more, containers: [{ ...template({}).spec.containers[0], resources: { requests: { cpu: half } } }] });
  apply(pod('nowhere', { nodeSelector: { is: 'nowhere' } }), wanting('low', {}));
  wait('condition=Ready', 'pod/low');
  const refused = await eventually('it is told why', () =>
    read('pod', 'nowhere').status.conditions?.find(({ type }) => type === 'PodScheduled'),
  );
  assert.match(refused.message, /^0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector\./);
  kubectl(['label', 'node', read('pod', 'low').spec.nodeName, 'is=nowhere']);
  wait('condition=Ready', 'pod/nowhere');
  kubectl(['create', 'priorityclass', 'urgent', '--value=1000']);
  apply(wanting('high', { priorityClassName: 'urgent' }));
  wait('condition=Ready', 'pod/high');
  assert.deepEqual(
    items('pods').filter(({ metadata }) => metadata.name === 'low'),
    [],
  );
  kubectl(['delete', 'pod', 'high', 'nowhere']);
  kubectl(['delete', 'priorityclass', 'urgent']);
}

async function certificates() {
  const key = join(folder, 'key.pem');
  const made = spawnSync('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', '/O=guests/CN=guest'], {
    encoding: 'utf8',
  });
  assert.equal(made.status, 0, made.stderr);
  const spec = {
    request: Buffer.from(made.stdout).toString('base64'),
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
  };
  apply({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name: 'guest' }, spec });
  kubectl(['certificate', 'approve', 'guest']);
  const { certificate } = await eventually('it is signed', () => {
    const { status } = read('csr', 'guest');
    return status.certificate === undefined ? undefined : status;
  });
  const file = join(folder, 'guest.pem');
  writeFileSync(file, Buffer.from(certificate, 'base64'));
  const who = JSON.parse(kubectl(['auth', 'whoami', '-o', 'json', `--client-certificate=${file}`, `--client-key=${key}`]));
  assert.deepEqual([who.status.userInfo.username, who.status.userInfo.groups[0]], ['guest', 'guests']);
  kubectl(['delete', 'csr', 'guest']);
}

async function accounts() {
  kubectl(['create', 'serviceaccount', 'robot']);
  const metadata = { name: 'robot', annotations: { 'kubernetes.io/service-account.name': 'robot' } };
  apply({ apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/service-account-token' });
  const { data } = await eventually('it has a token', () => {
    const secret = read('secret', 'robot');
    return secret.data?.token === undefined ? undefined : secret;
  });
  const token = Buffer.from(data.token, 'base64').toString();
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } };
  const { status } = JSON.parse(kubectl(['create', '-f', '-', '-o', 'json'], JSON.stringify(review)));
  assert.equal(status.user?.username, `system:serviceaccount:${namespace}:robot`);
  kubectl(['delete', 'serviceaccount', 'robot']);
  await eventually('its Secret goes with it', () => items('secrets').length === 0);
  assert.deepEqual(complaints(), []);
}

await report({
  leading,
  deployments,
  'stateful-sets': statefulSets,
  jobs,
  'daemon-sets': daemonSets,
  services,
  garbage,
  quotas,
  scheduling,
  certificates,
  accounts,
});
