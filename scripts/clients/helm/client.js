// What scripts/test --clients tries with Helm, each major version with its defaults: 3 patches and looks at objects
// itself, 4 applies on the server and watches. The chart is beside this file. See scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { eventually, folder, items, kubectl, namespace, read, report, run } from './shell.js';

const home = Object.fromEntries(['CACHE', 'CONFIG', 'DATA'].map((name) => [`HELM_${name}_HOME`, join(folder, name)]));
Object.assign(process.env, home);
const helm = (...args) => run('./helm', ['--namespace', namespace, ...args]);
const json = (...args) => JSON.parse(helm(...args, '--output=json'));
const chart = './shop';
const major = Number(/^v(\d+)/.exec(helm('version', '--template={{.Version}}'))?.[1]);
/** Version 4 has another name for it. */
const atomic = major === 3 ? '--atomic' : '--rollback-on-failure';
/** Version 4 always lists all. */
const all = major === 3 ? ['--all'] : [];
const crd = 'prices.shop.minik.example';

const names = (...args) => items(...args).map(({ metadata }) => metadata.name);
const hooks = (release = 'shop') =>
  Object.fromEntries(
    items('configmaps', '-l', `hook-of=${release}`).map(({ metadata, data }) => [metadata.name.slice(release.length + 1), data.revision]),
  );
const password = () => read('secret', 'shop').data.password;
const revisions = () =>
  Object.fromEntries(
    items('configmaps,secrets,services,serviceaccounts,deployments,statefulsets,cronjobs,ingresses,pdb,roles,prices')
      .filter(({ type, metadata }) => type !== 'helm.sh/release.v1' && metadata.labels?.['hook-of'] === undefined)
      .map(({ kind, metadata }) => [`${kind} ${metadata.name}`, [metadata.uid, metadata.generation ?? metadata.resourceVersion]]),
  );
const ready = () => {
  const { status, spec, metadata } = read('deployment', 'shop');
  assert.equal(status.observedGeneration, metadata.generation);
  return [spec.replicas, status.updatedReplicas, status.availableReplicas];
};

async function install() {
  const { info, version } = json('install', 'shop', chart, '--wait', '--timeout=60s');
  assert.deepEqual([info.status, version], ['deployed', 1]);
  assert.match(info.notes, /shop is at revision 1\./);
  assert.deepEqual(ready(), [2, 2, 2]);
  assert.equal(read('statefulset', 'shop-store').status.readyReplicas, 1);
  assert.deepEqual(hooks(), { 'pre-install': '1', 'post-install': '1' });
  assert.deepEqual(names('jobs'), []);
  const { greeting, version: server, policies } = read('configmap', 'shop').data;
  assert.deepEqual(
    [greeting, server, policies],
    ['hello', JSON.parse(kubectl(['version', '-o', 'json'])).serverVersion.gitVersion, 'true'],
  );
  assert.deepEqual(read('price', 'shop').spec, { cents: 2, currency: 'EUR' });
  assert.deepEqual(names('secrets', '--field-selector=type=helm.sh/release.v1'), ['sh.helm.release.v1.shop.v1']);
  assert.deepEqual(
    json('list').map(({ name, chart: of, status }) => [name, of, status]),
    [['shop', 'shop-1.2.3', 'deployed']],
  );
  assert.throws(() => helm('install', 'shop', chart), /cannot re-?use a name that is still in use/);
}

async function upgrade() {
  kubectl(['annotate', 'deployment', 'shop', 'by-hand=yes']);
  const before = revisions();
  const secret = password();
  json('upgrade', 'shop', chart, '--wait', '--timeout=60s');
  assert.deepEqual(revisions(), before, 'an upgrade to the same changes nothing');
  json('upgrade', 'shop', chart, '--set=greeting=bye,replicas=3,second=false', '--wait', '--timeout=60s');
  assert.deepEqual(ready(), [3, 3, 3]);
  assert.equal(read('configmap', 'shop').data.greeting, 'bye');
  assert.equal(read('price', 'shop').spec.cents, 3);
  assert.deepEqual(names('prices'), ['shop', 'shop-second'], 'what is to be kept stays');
  assert.equal(password(), secret, 'lookup finds what is there');
  assert.equal(read('deployment', 'shop').metadata.annotations['by-hand'], 'yes');
  const { 'pre-upgrade': pre, 'post-upgrade': post } = hooks();
  assert.deepEqual([pre, post], ['3', '3']);
  assert.throws(
    () => helm('upgrade', 'shop', chart, '--set=replicas=-1'),
    /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
  );
}

async function rollback() {
  helm('rollback', 'shop', '2', '--wait', '--timeout=60s');
  assert.deepEqual(ready(), [2, 2, 2]);
  assert.equal(read('configmap', 'shop').data.greeting, 'hello');
  const { 'pre-rollback': pre, 'post-rollback': post } = hooks();
  assert.equal(pre, post);
  const history = json('history', 'shop').map(({ status, description }) => `${status}: ${description}`);
  assert.deepEqual(history.slice(0, 3), ['superseded: Install complete', 'superseded: Upgrade complete', 'superseded: Upgrade complete']);
  assert.equal(history.at(-1), 'deployed: Rollback to 2');
}

async function undone() {
  const greeting = () => read('configmap', 'shop').data.greeting;
  assert.throws(() => helm('upgrade', 'shop', chart, '--set=broken=true,greeting=broken', atomic, '--timeout=5s'), /rolled back/);
  assert.deepEqual([json('status', 'shop').info.status, greeting(), ready()], ['deployed', 'hello', [2, 2, 2]]);
  assert.throws(() => helm('install', 'other', chart, '--set=failing=post-install,second=false', atomic, '--timeout=30s'), /uninstalled/);
  assert.deepEqual(
    json('list', ...all).map(({ name }) => name),
    ['shop'],
  );
  assert.deepEqual(names('deployments,services,secrets', '--field-selector=metadata.name=other'), []);
  kubectl(['create', 'configmap', 'taken']);
  assert.throws(
    () => helm('install', 'taken', chart),
    /"taken" in namespace "[a-z0-9-]+" exists and cannot be imported into the current release/,
  );
  kubectl(['delete', 'configmap', 'taken']);
}

async function testing() {
  assert.match(helm('test', 'shop', '--logs'), /tested shop/);
  json('upgrade', 'shop', chart, '--set=failing=test', '--wait', '--timeout=60s');
  assert.throws(() => helm('test', 'shop'), /failed/);
}

async function uninstall() {
  helm('uninstall', 'shop', '--wait', '--timeout=60s');
  assert.deepEqual(
    Object.keys(hooks()).filter((name) => name.endsWith('-delete')),
    ['post-delete', 'pre-delete'],
  );
  assert.deepEqual(
    Object.keys(revisions()).filter((name) => !/kube-root-ca|ServiceAccount default|ConfigMap/.test(name)),
    ['Price shop-second'],
  );
  assert.deepEqual(names('secrets'), []);
  for (const label of ['app.kubernetes.io/instance=shop', 'store=shop']) {
    await eventually(`nothing is left of ${label}`, () => names('pods,replicasets', '-l', label).length === 0);
  }
  assert.equal(read('crd', crd).metadata.name, crd, 'definitions stay');
  kubectl(['delete', 'crd', crd]);
}

await report({ install, upgrade, rollback, undone, 'chart-test': testing, uninstall });
