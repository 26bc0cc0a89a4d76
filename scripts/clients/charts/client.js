// What scripts/test --clients tries with public charts: Helm 4 installs each and waits, upgrades it to the same, which
// changes nothing, and uninstalls it, which leaves nothing. See scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { charts } from './charts.js';
import { eventually, folder, kubectl, minik, report, run } from './shell.js';

for (const name of ['CACHE', 'CONFIG', 'DATA']) process.env[`HELM_${name}_HOME`] = join(folder, name);
const helm = (namespace, ...args) => run('./helm', ['--namespace', namespace, ...args]);
const all = (namespace) =>
  JSON.parse(
    run(minik, ['kubectl', 'get', '--namespace', namespace, 'all,cm,secret,sa,role,rolebinding,ingress,pdb,endpointslice', '-o', 'json']),
  ).items;
/** What of a release is not ready, or did not come from the chart. */
const versions = (namespace) =>
  Object.fromEntries(
    all(namespace)
      .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by'] === 'Helm')
      .map(({ kind, metadata }) => [`${kind} ${metadata.name}`, [metadata.uid, metadata.generation]]),
  );

async function tried(name, values) {
  const namespace = `chart-${name}`;
  const set = values.map((value) => `--set=${value}`);
  const chart = join('charts', name);
  helm(namespace, 'install', name, chart, '--create-namespace', '--wait', '--timeout=90s', ...set);
  const before = versions(namespace);
  assert.ok(Object.keys(before).length > 1, 'the chart has made something');
  for (const { kind, spec, status, metadata } of all(namespace).filter(({ kind }) => kind === 'Deployment'))
    assert.equal(status.readyReplicas, spec.replicas, `${kind} ${metadata.name}`);
  helm(namespace, 'upgrade', name, chart, '--wait', '--timeout=90s', ...set);
  assert.deepEqual(versions(namespace), before, 'an upgrade to the same changes nothing');
  helm(namespace, 'uninstall', name, '--wait', '--timeout=90s');
  await eventually('nothing is left', () => Object.keys(versions(namespace)).length === 0);
  kubectl(['delete', 'namespace', namespace, '--timeout=60s']);
}

await report(Object.fromEntries(Object.entries(charts).map(([name, { values }]) => [name, () => tried(name, values)])));
