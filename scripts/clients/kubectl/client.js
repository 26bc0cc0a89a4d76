// What scripts/test --clients tries with kubectls of all ages at hand: upstream's own of this release, the one on PATH
// and those that lie beside it. See scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { eventually, folder, freePort, kubectl, launch, namespace, note, report, run, stop } from './shell.js';

const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((each) => {
  try {
    return [realpathSync(join(each, 'kubectl'))];
  } catch {
    return [];
  }
});
const beside = onPath.flatMap((file) =>
  readdirSync(dirname(file))
    .filter((name) => /^kubectl(\.\d+\.\d+)?$/.test(name))
    .map((name) => join(dirname(file), name)),
);
const own = JSON.parse(process.env.CLIENT_PROGRAMS).kubectl;
const versionOf = (file) => JSON.parse(run(file, ['version', '--client', '-o', 'json'])).clientVersion.gitVersion.replace(/-.*/, '');
/** By their versions, the oldest first. */
const programs = [...new Map([...beside, own].map((file) => [versionOf(file), file]))].sort(([a], [b]) =>
  a.localeCompare(b, 'en', { numeric: true }),
);
note(`kubectl ${programs.map(([version]) => version).join(', ')}`);

/** One of them in a namespace of its own. */
function client([version, file]) {
  const space = `${namespace}-${version.replaceAll('.', '-')}`;
  const tell = (args, { input, env, code = 0 } = {}) => {
    const done = spawnSync(file, ['--namespace', space, ...args], { encoding: 'utf8', input, env: { ...process.env, ...env } });
    assert.equal(done.status, code, `${args.join(' ')}: ${done.stdout}${done.stderr}`);
    return code === 0 ? done.stdout : `${done.stdout}${done.stderr}`;
  };
  return {
    ...{ version, file, space, tell },
    minor: Number(version.split('.')[1]),
    k: (...args) => tell(args),
    send: (object, ...args) => tell([...args, '--filename=-'], { input: JSON.stringify(object) }),
    fails: (code, ...args) => tell(args, { code }),
    read: (...args) => JSON.parse(tell(['get', ...args, '--output=json'])),
  };
}
const clients = programs.map(client);

/** A check with each, which says whose it failed with. */
const withEach = (body) => async () => {
  const failed = [];
  for (const each of clients) {
    try {
      await body(each);
    } catch (error) {
      console.error(error);
      failed.push(`${each.version}: ${error.message}`);
    }
  }
  assert.deepEqual(failed, []);
};

const template = (app, image = 'busybox:1.36') => ({
  metadata: { labels: { app } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, command: ['sleep', '1h'] }] },
});
const deployment = (name, replicas = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
});
const config = (data, name = 'settings') => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
/** An editor that changes a value of `data`. */
function editor(from, to) {
  const file = join(folder, 'editor.sh');
  writeFileSync(file, `#!/bin/sh\nsed -i 's/  a: "${from}"/  a: "${to}"/' "$1"\n`, { mode: 0o755 });
  return { KUBE_EDITOR: file };
}

function applied({ k, send, read, tell, fails, space }) {
  kubectl(['create', 'namespace', space]);
  assert.match(send(config({ a: '1', b: '1' }), 'apply'), /created/);
  assert.match(send(config({ a: '1', b: '1' }), 'apply'), /unchanged/);
  assert.match(tell(['diff', '--filename=-'], { input: JSON.stringify(config({ a: '2' })), code: 1 }), /-\s+b: "1"/);
  assert.match(send(config({ a: '2' }), 'apply'), /configured/);
  assert.deepEqual(read('configmap', 'settings').data, { a: '2' });
  assert.match(k('apply', 'view-last-applied', 'configmap', 'settings'), /a: "2"/);
  send(config({ c: '1' }, 'shared'), 'apply', '--server-side', '--field-manager=one');
  const other = JSON.stringify(config({ c: '2' }, 'shared'));
  const conflict = tell(['apply', '--server-side', '--field-manager=two', '--filename=-'], { input: other, code: 1 });
  assert.match(conflict, /conflict with "one": \.data\.c/);
  tell(['apply', '--server-side', '--field-manager=two', '--force-conflicts', '--filename=-'], { input: other });
  assert.equal(read('configmap', 'shared', '--show-managed-fields').metadata.managedFields.length, 1);
  assert.match(send(config({ d: '1' }, 'dry'), 'apply', '--dry-run=server'), /server dry run/);
  fails(1, 'get', 'configmap', 'dry');
  assert.match(tell(['edit', 'configmap', 'settings'], { env: editor('2', '3') }), /edited/);
  assert.deepEqual(read('configmap', 'settings').data, { a: '3' });
  assert.equal(tell(['edit', 'configmap', 'settings'], { env: { KUBE_EDITOR: 'true' } }), '');
  send(config({ a: '4' }), 'replace');
  assert.match(send(config({ a: '5' }), 'replace', '--force'), /replaced/);
  assert.match(
    tell(['apply', '--filename=-'], { input: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"dat":{}}', code: 1 }),
    /unknown field "dat"/,
  );
}

async function patched({ k, send, read, fails, minor }) {
  send(deployment('web'), 'apply');
  k('patch', 'deployment', 'web', '--type=json', '--patch=[{"op":"replace","path":"/spec/replicas","value":2}]');
  k('patch', 'deployment', 'web', '--type=merge', '--patch={"metadata":{"labels":{"tier":"front"}}}');
  const sidecar = { name: 'side', image: 'busybox:1.36', command: ['sleep', '1h'] };
  k('patch', 'deployment', 'web', `--patch=${JSON.stringify({ spec: { template: { spec: { containers: [sidecar] } } } })}`);
  const { spec, metadata } = read('deployment', 'web');
  assert.deepEqual(
    [spec.replicas, metadata.labels.tier, spec.template.spec.containers.map(({ name }) => name)],
    [2, 'front', ['side', 'main']],
  );
  k('patch', 'deployment', 'web', '--subresource=status', '--type=merge', '--patch={"status":{"collisionCount":7}}');
  assert.equal(read('deployment', 'web').status.collisionCount, 7);
  fails(1, 'patch', 'deployment', 'web', '--type=json', '--patch=[{"op":"test","path":"/spec/replicas","value":3}]');
  k('scale', 'deployment', 'web', '--replicas=1', '--current-replicas=2');
  k('set', 'image', 'deployment/web', 'main=busybox:1.37');
  k('rollout', 'status', 'deployment/web', '--timeout=60s');
  k('rollout', 'undo', 'deployment/web');
  k('rollout', 'restart', 'deployment/web');
  assert.match(k('rollout', 'history', 'deployment/web'), /REVISION/);
  k('label', 'deployment', 'web', 'tier-');
  k('annotate', 'deployment', 'web', 'seen=yes');
  k('expose', 'deployment', 'web', '--port=80');
  k('autoscale', 'deployment', 'web', '--max=3', ...(minor < 34 ? ['--cpu-percent=80'] : ['--cpu=80%']));
  assert.equal(read('hpa', 'web').spec.metrics[0].resource.target.averageUtilization, 80);
}

function discovered({ k, read, minor }) {
  assert.match(k('explain', 'deployment.spec.strategy.rollingUpdate.maxSurge'), /FIELD: +maxSurge/);
  assert.match(k('explain', 'pods', '--recursive'), /terminationGracePeriodSeconds/);
  assert.ok(k('api-resources', '--output=name').split('\n').includes('deployments.apps'));
  assert.match(k('api-versions'), /^apps\/v1$/m);
  assert.equal(JSON.parse(k('get', '--raw', '/version')).major, '1');
  assert.match(k('get', '--raw', '/readyz?verbose'), /readyz check passed/);
  assert.match(k('get', 'deployments', '--output=wide'), /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb /);
  assert.equal(k('get', 'deployment', 'web', '--output=jsonpath={.metadata.annotations.seen}'), 'yes');
  assert.equal(k('get', 'deployment', 'web', '--output=go-template={{.metadata.name}}'), 'web');
  assert.match(k('get', 'deployment', '--output=custom-columns=N:.metadata.name', '--no-headers'), /^web\n/);
  assert.match(k('describe', 'deployment', 'web'), /ScalingReplicaSet/);
  if (minor >= 28) assert.match(k('events', '--for=deployment/web'), /ScalingReplicaSet/);
  assert.match(k('get', 'events', '--sort-by=.metadata.creationTimestamp'), /ScalingReplicaSet/);
  assert.match(k('cluster-info'), /control plane.* is running at/);
  assert.match(k('get', 'all', '--selector=app=web'), /deployment\.apps\/web/);
  assert.equal(read('pods', '--field-selector=metadata.name=none').items.length, 0);
}

async function awaited({ k, fails, file, space }) {
  k('wait', '--for=condition=Available', '--timeout=60s', 'deployment/web');
  k('wait', '--for=jsonpath={.status.readyReplicas}=1', '--timeout=60s', 'deployment/web');
  assert.match(fails(1, 'wait', '--for=condition=Absent', '--timeout=1s', 'deployment/web'), /timed out waiting/);
  const waiting = launch(`wait-${space}`, file, ['--namespace', space, 'wait', '--for=delete', 'configmap/shared', '--timeout=60s']);
  const watching = launch(`watch-${space}`, file, ['--namespace', space, 'get', 'configmaps', '--watch', '--output-watch-events']);
  await eventually('the watch has begun', () => /^ADDED +shared/m.test(watching.log()));
  k('delete', 'configmap', 'shared');
  await eventually('both have heard', () => /condition met/.test(waiting.log()) && /^DELETED +shared/m.test(watching.log()));
  await stop(waiting);
  await stop(watching);
}

async function permitted({ k, tell, send, read, fails, space, version }) {
  assert.equal(k('auth', 'can-i', 'delete', 'pods'), 'yes\n');
  assert.equal(fails(1, 'auth', 'can-i', 'get', 'pods', `--as=system:serviceaccount:${space}:default`), 'no\n');
  k('create', 'role', 'reader', '--verb=get,list', '--resource=pods');
  k('create', 'rolebinding', 'reader', '--role=reader', `--serviceaccount=${space}:default`);
  await eventually('it may', () => k('auth', 'can-i', 'get', 'pods', `--as=system:serviceaccount:${space}:default`) === 'yes\n');
  assert.match(k('auth', 'can-i', '--list', `--as=system:serviceaccount:${space}:default`), /pods +\[\] +\[\] +\[get list\]/);
  const [, claims] = k('create', 'token', 'default', '--duration=20m').split('.');
  assert.equal(JSON.parse(Buffer.from(claims, 'base64url')).sub, `system:serviceaccount:${space}:default`);
  const more = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'reader', namespace: space } };
  send({ ...more, rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] }, 'auth', 'reconcile');
  assert.equal(read('role', 'reader').rules.length, 2);
  const key = join(folder, 'key.pem');
  const request = run('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', '/CN=guest']);
  for (const verb of ['approve', 'deny']) {
    const name = `${space}-${verb}`;
    const spec = {
      request: Buffer.from(request).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
    };
    send({ apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name }, spec }, 'create');
    k('certificate', verb, name);
    await eventually(`${name} is decided`, () => {
      const { certificate, conditions } = read('csr', name).status;
      return verb === 'deny' ? conditions[0].type === 'Denied' : certificate !== undefined;
    });
    if (verb === 'approve') {
      const guest = join(folder, 'guest.json');
      const found = JSON.parse(kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
      const user = { 'client-certificate-data': read('csr', name).status.certificate, 'client-key': key };
      writeFileSync(guest, JSON.stringify({ ...found, users: found.users.map((each) => ({ ...each, user })) }));
      assert.match(fails(1, 'get', 'pods', `--kubeconfig=${guest}`), /User "guest" cannot list/);
    }
    k('delete', 'csr', name);
  }
  assert.ok(tell(['version', '--output=json']).includes(version));
}

async function proxied({ file, space }) {
  const port = await freePort();
  const proxy = launch(`proxy-${space}`, file, ['proxy', `--port=${port}`]);
  await eventually('it serves', () => /Starting to serve/.test(proxy.log()));
  const path = `http://127.0.0.1:${port}/apis/apps/v1/namespaces/${space}/deployments/web`;
  assert.equal((await (await fetch(path)).json()).metadata.name, 'web');
  await stop(proxy);
}

async function deleted({ k, send, read, fails, space }) {
  const sets = (app) => read('replicasets', `--selector=app=${app}`).items;
  for (const cascade of ['background', 'foreground', 'orphan']) {
    send(deployment(cascade), 'create');
    k('rollout', 'status', `deployment/${cascade}`, '--timeout=60s');
    k('delete', 'deployment', cascade, `--cascade=${cascade}`, '--timeout=60s');
    if (cascade !== 'background') assert.equal(sets(cascade).length, cascade === 'orphan' ? 1 : 0);
    else await eventually('its sets are gone', () => sets(cascade).length === 0);
  }
  assert.equal(sets('orphan')[0].metadata.ownerReferences, undefined);
  k('delete', 'replicasets', '--selector=app=orphan', '--now');
  k('run', 'alone', '--image=busybox:1.36', '--restart=Never', '--command', '--', 'sleep', '1h');
  assert.match(k('delete', 'pod', 'alone', '--dry-run=server'), /server dry run/);
  k('delete', 'pod', 'alone', '--grace-period=0', '--force');
  assert.match(fails(1, 'delete', 'pod', 'none'), /pods "none" not found/);
  k('delete', 'pod', 'none', '--ignore-not-found');
  k('delete', 'deployments,services,hpa', '--all');
  k('delete', 'namespace', space, '--timeout=60s');
}

await report(
  Object.fromEntries(
    Object.entries({
      'kubectl-apply': applied,
      'kubectl-patch': patched,
      'kubectl-read': discovered,
      'kubectl-wait': awaited,
      'kubectl-auth': permitted,
      'kubectl-proxy': proxied,
      'kubectl-delete': deleted,
    }).map(([name, body]) => [name, withEach(body)]),
  ),
);
