// What scripts/test --clients tries with prometheus-operator: its definitions, and what it makes of their objects. See
// scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { apply, eventually, folder, freePort, items, kubectl, launch, namespace, read, report, rolledOut, wait } from './shell.js';

const group = 'monitoring.coreos.com';
const object = (kind, name, spec, apiVersion = `${group}/v1`) => ({ apiVersion, kind, metadata: { name, labels: { team: 'a' } }, spec });
const team = { matchLabels: { team: 'a' } };

async function start() {
  const config = JSON.parse(kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
  const [{ cluster }] = config.clusters;
  const [{ user }] = config.users;
  const file = (name, data) => {
    writeFileSync(join(folder, name), Buffer.from(data, 'base64'), { mode: 0o600 });
    return join(folder, name);
  };
  return launch('prometheus-operator', './operator', [
    ...[`--apiserver=${cluster.server}`, `--ca-file=${file('ca.crt', cluster['certificate-authority-data'])}`],
    ...[`--cert-file=${file('tls.crt', user['client-certificate-data'])}`, `--key-file=${file('tls.key', user['client-key-data'])}`],
    ...[`--namespaces=${namespace}`, `--kubelet-service=${namespace}/kubelet`, '--kubelet-endpointslice=true'],
    ...[`--web.listen-address=127.0.0.1:${await freePort()}`],
  ]);
}

async function definitions() {
  kubectl(['apply', '--server-side', '-f', 'crds']);
  kubectl(['wait', '--for=condition=Established', '--timeout=60s', '-f', 'crds']);
  assert.match(kubectl(['explain', 'prometheus.spec.remoteWrite.queueConfig']), /queueConfig/);
  assert.throws(
    () => apply(object('Prometheus', 'bad', { replicas: 'many', scrapeInterval: '1 minute' })),
    /spec\.replicas.*must be of type integer|expected (integer|int32)/s,
  );
  await start();
}

const available = (kind, name) =>
  eventually(`${kind} ${name} is available`, () => {
    const { metadata, status } = read(kind, name);
    const found = status?.conditions?.find(({ type }) => type === 'Available');
    return found?.status === 'True' && found.observedGeneration === metadata.generation;
  });

async function prometheus() {
  apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'prometheus' } },
    object('Prometheus', 'main', {
      ...{ replicas: 2, serviceAccountName: 'prometheus', serviceMonitorSelector: team, ruleSelector: team },
      alerting: { alertmanagers: [{ namespace, name: 'alertmanager-operated', port: 'web' }] },
    }),
  );
  await available('prometheus', 'main');
  rolledOut('statefulset/prometheus-main');
  assert.equal(items('pods', '-l', 'prometheus=main').length, 2);
  assert.deepEqual(
    read('service', 'prometheus-operated').spec.ports.map(({ name }) => name),
    ['web'],
  );
  assert.equal(read('prometheus', 'main').status.availableReplicas, 2);
}

async function rules() {
  const scraped = () => gunzipSync(Buffer.from(read('secret', 'prometheus-main').data['prometheus.yaml.gz'], 'base64')).toString();
  const rule = { alert: 'Down', expr: 'up == 0', for: '5m', labels: { severity: 'page' } };
  apply(
    object('ServiceMonitor', 'web', { selector: { matchLabels: { app: 'web' } }, endpoints: [{ port: 'http', interval: '15s' }] }),
    object('PrometheusRule', 'web', { groups: [{ name: 'web', rules: [rule] }] }),
  );
  await eventually('the monitor is configured', () => scraped().includes(`serviceMonitor/${namespace}/web/0`));
  const texts = () => items('configmaps', '-l', 'prometheus-name=main').flatMap(({ data }) => Object.values(data ?? {}));
  await eventually('the rule is there', () => texts().some((text) => text.includes('up == 0')));
  kubectl(['delete', 'servicemonitor,prometheusrule', 'web']);
  await eventually('both are gone', () => !scraped().includes('serviceMonitor/') && texts().length === 0);
}

async function alertmanager() {
  apply(object('Alertmanager', 'main', { replicas: 1, alertmanagerConfigSelector: team }));
  await available('alertmanager', 'main');
  rolledOut('statefulset/alertmanager-main');
  const route = { receiver: 'none' };
  apply(object('AlertmanagerConfig', 'none', { route, receivers: [{ name: 'none' }] }, `${group}/v1alpha1`));
  const configured = () => read('secret', 'alertmanager-main-generated').data['alertmanager.yaml.gz'];
  await eventually('the route is configured', () =>
    gunzipSync(Buffer.from(configured(), 'base64')).toString().includes(`${namespace}/none/none`),
  );
  const nodes = items('nodes').map(({ metadata }) => metadata.name);
  await eventually('the nodes are written down', () => {
    const [{ addresses }] = read('endpoints', 'kubelet').subsets;
    return addresses.map(({ targetRef }) => targetRef.name).join() === nodes.join();
  });
}

async function changes() {
  kubectl(['patch', 'prometheus', 'main', '--type=merge', '--patch={"spec":{"replicas":1}}']);
  await eventually('one is left', () => items('pods', '-l', 'prometheus=main').length === 1);
  const { metadata } = read('statefulset', 'prometheus-main');
  kubectl(['delete', 'statefulset', 'prometheus-main']);
  await eventually('it is made again', () => read('statefulset', 'prometheus-main').metadata.uid !== metadata.uid);
  kubectl(['patch', 'prometheus', 'main', '--type=merge', '--patch={"spec":{"paused":true}}']);
  await eventually('it says that it is paused', () => read('prometheus', 'main').status.paused === true);
  kubectl(['delete', 'prometheus,alertmanager', '--all']);
  await eventually('nothing is left', () => items('statefulsets,pods').length === 0);
  kubectl(['delete', '-f', 'crds']);
  wait('delete', 'crd/prometheuses.monitoring.coreos.com');
}

await report({ definitions, prometheus, rules, alertmanager, 'operator-changes': changes });
