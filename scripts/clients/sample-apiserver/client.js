// What scripts/test --clients tries with upstream's sample-apiserver: it runs in a pod beside etcd, and its API is one
// of the cluster's. See scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageOf } from './image.js';
import {
  apply,
  atEnd,
  eventually,
  folder,
  freePort,
  items,
  kubectl,
  launch,
  minik,
  namespace,
  read,
  report,
  rolledOut,
  run,
  stop,
} from './shell.js';

const group = 'wardle.example.com';
const service = `v1alpha1.${group}`;
const programs = JSON.parse(process.env.CLIENT_PROGRAMS);
const raw = (path) => JSON.parse(kubectl(['get', '--raw', path]));
const flunder = (name, spec = {}, metadata = {}) => ({
  apiVersion: `${group}/v1alpha1`,
  kind: 'Flunder',
  metadata: { name, labels: { 'sample-label': 'true' }, ...metadata },
  spec,
});
const available = () => read('apiservice', service).status?.conditions?.find(({ type }) => type === 'Available');
const becomes = (status) => eventually(`it is ${status}`, () => available()?.status === status);
/** A kubectl command that has to fail, and its input; what it says. */
function refused(args, input) {
  const { status, stdout, stderr } = spawnSync(minik, ['kubectl', '--namespace', namespace, ...args], { encoding: 'utf8', input });
  assert.notEqual(status, 0, `${args.join(' ')}: ${stdout}`);
  return stderr;
}

/** The server's certificate, and the authority that signs it. */
function certificates() {
  const openssl = (...args) => run('openssl', args, { cwd: folder });
  const names = `subjectAltName=DNS:api.${namespace}.svc`;
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=wardle', '-days', '2');
  openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'tls.key', '-out', 'tls.crt', '-subj', '/CN=api', '-days', '2'],
    ...['-CA', 'ca.crt', '-CAkey', 'ca.key', '-addext', names, '-addext', 'basicConstraints=critical,CA:FALSE'],
  );
  const file = (name) => readFileSync(join(folder, name)).toString('base64');
  return { ca: file('ca.crt'), data: { 'tls.crt': file('tls.crt'), 'tls.key': file('tls.key') } };
}

const account = { kind: 'ServiceAccount', name: 'apiserver', namespace };
const binding = (kind, role, metadata) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind,
  metadata,
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...role },
  subjects: [account],
});
/** As the example in its module has it, with the rights that it needs of 1.36. */
const rights = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account.name } },
  binding('ClusterRoleBinding', { kind: 'ClusterRole', name: 'system:auth-delegator' }, { name: 'wardle:system:auth-delegator' }),
  binding('ClusterRoleBinding', { kind: 'ClusterRole', name: 'wardle' }, { name: 'wardle' }),
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'wardle' },
    rules: [
      { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'watch', 'list'] },
      { apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['get', 'watch', 'list'] },
      { apiGroups: ['flowcontrol.apiserver.k8s.io'], resources: ['prioritylevelconfigurations', 'flowschemas'], verbs: ['list', 'watch'] },
    ],
  },
];

const reader = binding('RoleBinding', { kind: 'Role', name: 'extension-apiserver-authentication-reader' }, { name: 'wardle-auth-reader' });

function deployment() {
  const mounts = { name: 'certificate', mountPath: '/certificate', readOnly: true };
  const flags = ['--secure-port=8443', '--tls-cert-file=/certificate/tls.crt', '--tls-private-key-file=/certificate/tls.key', '--v=2'];
  const probe = { httpGet: { path: '/readyz', port: 8443, scheme: 'HTTPS' }, periodSeconds: 1, failureThreshold: 60 };
  const containers = [
    {
      name: 'wardle',
      image: imageOf('sample-apiserver', programs['sample-apiserver']),
      args: ['--etcd-servers=http://127.0.0.1:2379', ...flags],
      readinessProbe: probe,
      volumeMounts: [mounts],
    },
    {
      name: 'etcd',
      image: imageOf('etcd', programs.etcd),
      args: ['--data-dir=/data'],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
  ].map((container) => ({ ...container, imagePullPolicy: 'Never' }));
  const volumes = [
    { name: 'certificate', secret: { secretName: 'wardle' } },
    { name: 'data', emptyDir: {} },
  ];
  const spec = { serviceAccountName: account.name, terminationGracePeriodSeconds: 1, containers, volumes };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'wardle' },
    spec: { selector: { matchLabels: { app: 'wardle' } }, template: { metadata: { labels: { app: 'wardle' } }, spec } },
  };
}

async function registered() {
  const { ca, data } = certificates();
  const spec = { group, version: 'v1alpha1', groupPriorityMinimum: 1000, versionPriority: 15, caBundle: ca };
  apply({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: service },
    spec: { ...spec, service: { name: 'api', namespace } },
  });
  atEnd(() => kubectl(['delete', 'apiservice', service, '--ignore-not-found']));
  await becomes('False');
  assert.equal(available().reason, 'ServiceNotFound');
  assert.match(refused(['get', '--raw', `/apis/${group}/v1alpha1/flunders`]), /ServiceUnavailable/);
  kubectl(['apply', '--namespace=kube-system', '--filename=-'], JSON.stringify(reader));
  const server = deployment();
  atEnd(() => kubectl(['delete', 'deployment', 'wardle', '--ignore-not-found']));
  apply(
    ...rights,
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'wardle' }, type: 'kubernetes.io/tls', data },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'api' },
      spec: { selector: { app: 'wardle' }, ports: [{ port: 443, targetPort: 8443 }] },
    },
    server,
  );
  rolledOut('deployment/wardle');
  await becomes('True');
}

async function discovery() {
  const names = await eventually('it is discovered', () => {
    const found = kubectl(['api-resources', `--api-group=${group}`, '--output=name'])
      .trim()
      .split('\n')
      .toSorted();
    return found.length > 1 && found;
  });
  assert.deepEqual(names, [`fischers.${group}`, `flunders.${group}`]);
  assert.ok(raw('/apis').groups.some(({ name, preferredVersion }) => name === group && preferredVersion.version === 'v1alpha1'));
  assert.deepEqual(
    raw(`/apis/${group}`).versions.map(({ version }) => version),
    ['v1alpha1'],
  );
  const { paths, definitions } = raw('/openapi/v2');
  assert.ok(paths[`/apis/${group}/v1alpha1/namespaces/{namespace}/flunders/{name}`].patch);
  assert.ok(Object.keys(definitions).some((name) => name.endsWith('v1alpha1.FlunderSpec')));
  const url = raw('/openapi/v3').paths[`apis/${group}/v1alpha1`].serverRelativeURL;
  assert.ok(Object.keys(raw(url).components.schemas).some((name) => name.endsWith('v1alpha1.FlunderSpec')));
  assert.match(kubectl(['explain', 'flunders.spec.reference']), /FIELD: reference <string>/);
}

async function objects() {
  const watch = launch('watch', minik, ['kubectl', '--namespace', namespace, 'get', 'flunders', '--watch', '--output-watch-events']);
  apply(flunder('a', { reference: 'b' }), flunder('b'));
  apply({ apiVersion: `${group}/v1alpha1`, kind: 'Fischer', metadata: { name: 'all' }, disallowedFlunders: ['hook'] });
  await eventually('the ban is known', () =>
    /this name may not be used/.test(refused(['create', '--dry-run=server', '--filename=-'], JSON.stringify(flunder('hook')))),
  );
  assert.match(kubectl(['get', 'flunders']), /^NAME +CREATED AT\n/);
  assert.deepEqual(
    items('flunders', '--selector=sample-label=true').map(({ metadata }) => metadata.name),
    ['a', 'b'],
  );
  kubectl(['patch', 'flunder', 'a', '--type=merge', '--patch={"spec":{"reference":"c"}}']);
  kubectl(['patch', 'flunder', 'a', '--type=json', '--patch=[{"op":"add","path":"/metadata/annotations/x","value":"y"}]']);
  kubectl(['apply', '--server-side', '--filename=-'], JSON.stringify(flunder('c', { reference: 'd' })));
  assert.deepEqual(
    items('flunders').map(({ metadata, spec }) => `${metadata.name} ${spec.reference}`),
    ['a c', 'b undefined', 'c d'],
  );
  kubectl(['annotate', 'flunders', '--all', 'seen=yes']);
  kubectl(['delete', 'flunder', 'b']);
  await eventually('all has been watched', () => {
    const lines = watch.log().split('\n');
    return ['ADDED', 'MODIFIED', 'DELETED'].every((type) => lines.some((line) => line.startsWith(type)));
  });
  await stop(watch);
  assert.match(refused(['get', 'flunder', 'none']), /flunders\.wardle\.example\.com "none" not found/);
}

async function delegated() {
  kubectl(['create', 'serviceaccount', 'reader']);
  kubectl(['create', 'role', 'reader', '--verb=get,list', `--resource=flunders.${group}`]);
  const user = `--as=system:serviceaccount:${namespace}:reader`;
  const no = `User "system:serviceaccount:${namespace}:reader" cannot list resource "flunders" in API group "${group}" in the namespace "${namespace}"`;
  assert.ok(refused(['get', 'flunders', user]).includes(no));
  kubectl(['create', 'rolebinding', 'reader', '--role=reader', `--serviceaccount=${namespace}:reader`]);
  await eventually('it may', () => kubectl(['get', 'flunders', user]));
  assert.match(refused(['delete', 'flunder', 'a', user]), /cannot delete resource "flunders"/);
  // Its clients need not come by the cluster's own API.
  const port = await freePort();
  const forward = launch('forward', minik, ['kubectl', '--namespace', namespace, 'port-forward', 'service/api', `${port}:443`]);
  const ask = (path, ...more) => {
    const own = ['--silent', '--cacert', join(folder, 'ca.crt'), '--connect-to', `::127.0.0.1:${port}`];
    return JSON.parse(run('curl', [...own, ...more, `https://api.${namespace}.svc${path}`]));
  };
  const path = `/apis/${group}/v1alpha1/namespaces/${namespace}/flunders`;
  const bearer = `Authorization: Bearer ${kubectl(['create', 'token', 'reader']).trim()}`;
  await eventually('its own door is open', () => ask(path, '--header', bearer).kind === 'FlunderList');
  assert.equal(ask(`${path}/a`, '--header', bearer, '--request', 'DELETE').code, 403);
  assert.equal(ask(path, '--header', 'Authorization: Bearer nonsense').code, 401);
  assert.equal(ask(path, '--header', 'X-Remote-User: admin', '--header', 'X-Remote-Group: system:masters').code, 403);
  await stop(forward);
}

async function garbage() {
  const owner = (kind, { apiVersion, metadata }) => ({
    ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }],
  });
  apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned', ...owner('Flunder', read('flunder', 'a')) } });
  apply(flunder('owned', {}, owner('ConfigMap', read('configmap', 'owned'))));
  kubectl(['delete', 'flunder', 'a']);
  await eventually('what it owned is gone', () =>
    [...items('configmaps'), ...items('flunders')].every(({ metadata }) => metadata.name !== 'owned'),
  );
  kubectl(['create', 'namespace', 'wardle-short']);
  kubectl(['apply', '--namespace', 'wardle-short', '--filename=-'], JSON.stringify(flunder('a')));
  kubectl(['delete', 'namespace', 'wardle-short', '--timeout=60s']);
  assert.equal(raw(`/apis/${group}/v1alpha1/flunders`).items.filter(({ metadata }) => metadata.namespace === 'wardle-short').length, 0);
}

/** While it is down, what it serves cannot be asked for or cleaned up, and everything else goes on. */
async function unavailable() {
  kubectl(['create', 'namespace', 'wardle-stuck']);
  kubectl(['scale', 'deployment', 'wardle', '--replicas=0']);
  await becomes('False');
  assert.equal(available().reason, 'MissingEndpoints');
  assert.match(refused(['get', '--raw', `/apis/${group}/v1alpha1/flunders`]), /the server is currently unable to handle the request/);
  assert.match(refused(['api-resources']), /wardle\.example\.com\/v1alpha1.*(unable to handle|stale GroupVersion discovery)/);
  assert.equal(items('serviceaccounts').length, 3);
  kubectl(['delete', 'namespace', 'wardle-stuck', '--wait=false']);
  await eventually('it says what it waits for', () =>
    read('namespace', 'wardle-stuck').status.conditions?.some(
      ({ type, status }) => type === 'NamespaceDeletionDiscoveryFailure' && status === 'True',
    ),
  );
  kubectl(['scale', 'deployment', 'wardle', '--replicas=1']);
  await becomes('True');
  kubectl(['wait', '--for=delete', 'namespace/wardle-stuck', '--timeout=60s']);
  kubectl(['delete', 'apiservice', service]);
  await eventually('it is forgotten', () => !raw('/apis').groups.some(({ name }) => name === group));
}

await report({
  'api-registered': registered,
  'api-discovered': discovery,
  'api-objects': objects,
  'api-users': delegated,
  'api-garbage': garbage,
  'api-unavailable': unavailable,
});
