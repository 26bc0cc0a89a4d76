// What scripts/test --clients tries with metrics-server: it runs in a pod, reads the nodes' figures from the
// kubelets' ports, and serves metrics.k8s.io in this cluster's stead. See scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { imageOf } from './image.js';
import { apply, atEnd, eventually, items, kubectl, namespace, read, report, rolledOut } from './shell.js';

const system = ['--namespace', 'kube-system'];
const api = 'v1beta1.metrics.k8s.io';
const raw = (path) => JSON.parse(kubectl(['get', '--raw', `/apis/metrics.k8s.io/v1beta1${path}`]));
/** Objects of a manifest as it is in the module. */
const manifest = (name) =>
  kubectl([...system, 'create', '--dry-run=client', '--output=json', '--filename', join('manifests', `${name}.yaml`)]);
const documents = (text) =>
  text
    .trim()
    .split(/\n(?=\{)/)
    .map((part) => JSON.parse(part))
    .flatMap((object) => object.items ?? [object]);
const condition = () => read('apiservice', api).status.conditions.find(({ type }) => type === 'Available');
const labels = { 'k8s-app': 'metrics-server' };

/** The Deployment of the module, for the image that was built here; it trusts the authority that certifies the nodes. */
function changed({ metadata, spec, ...object }) {
  const { template } = spec;
  const [container] = template.spec.containers;
  const args = container.args
    .filter((arg) => !arg.startsWith('--metric-resolution'))
    .concat(
      '--kubelet-certificate-authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
      '--kubelet-request-timeout=5s',
      '--metric-resolution=10s',
    );
  const readinessProbe = { ...container.readinessProbe, initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 60 };
  const image = imageOf('metrics-server', resolve('metrics-server'));
  const containers = [{ ...container, image, imagePullPolicy: 'Never', args, readinessProbe }];
  return {
    ...object,
    metadata: { ...metadata, labels },
    spec: {
      ...spec,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...template.spec, containers } },
    },
  };
}

async function takenOver() {
  assert.equal(read('apiservice', api).spec.service, undefined);
  assert.equal(condition().reason, 'Local');
  apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'busy', labels: { app: 'busy' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'busybox:1.36', command: ['sh', '-c', 'while true; do sleep 0.01; done'] }],
    },
  });
  const [rights, service, deployment, registration] = ['rbac', 'service', 'deployment', 'apiservice'].map(manifest);
  const objects = [
    ...documents(rights),
    ...documents(service).map((object) => ({ ...object, spec: { ...object.spec, selector: labels } })),
    ...documents(deployment).map(changed),
    ...documents(registration),
  ];
  const text = objects.map((object) => JSON.stringify(object)).join('\n');
  atEnd(() => kubectl([...system, 'delete', '--ignore-not-found', '--filename=-'], text));
  kubectl([...system, 'apply', '--filename=-'], text);
  assert.equal(read('apiservice', api).spec.service.name, 'metrics-server');
  assert.notEqual(condition().status, 'True');
  assert.throws(() => kubectl(['top', 'nodes']), /unable to handle the request|Metrics API not available/);
  try {
    rolledOut('deployment/metrics-server', ...system);
  } catch (error) {
    console.error(kubectl([...system, 'describe', 'pods', '--selector=k8s-app=metrics-server']));
    console.error(kubectl([...system, 'logs', 'deployment/metrics-server', '--tail=50']));
    throw error;
  }
  await eventually('it is available', () => condition().status === 'True');
}

async function figures() {
  assert.equal(condition().reason, 'Passed');
  const nodes = await eventually('the nodes have figures', () => {
    const { items: found } = raw('/nodes');
    return found.length === items('nodes').length && found;
  });
  assert.match(nodes[0].usage.cpu, /^\d+n$/);
  await eventually('the pods have figures', () => raw(`/namespaces/${namespace}/pods`).items.length === 1);
  const [pod] = raw(`/namespaces/${namespace}/pods?labelSelector=app%3Dbusy`).items;
  assert.deepEqual([pod.metadata.name, pod.containers.map(({ name }) => name)], ['busy', ['main']]);
  assert.ok(Number.parseInt(pod.containers[0].usage.memory, 10) > 0);
  assert.deepEqual(raw(`/namespaces/${namespace}/pods?labelSelector=app%3Dnone`).items, []);
  // Only this one has a window of its scrapes.
  assert.match(pod.window, /s$/);
  assert.match(kubectl(['top', 'nodes']), /^NAME +CPU\(cores\) +CPU\(%\) +MEMORY\(bytes\) +MEMORY\(%\) *\n\S+ +\d+m /);
  assert.match(kubectl(['top', 'pods', '--containers']), /busy +main +\d+m +\d+Mi/);
  assert.match(kubectl(['get', 'pods.metrics.k8s.io']), /^NAME +CPU +MEMORY +WINDOW\nbusy /);
}

async function autoscaled() {
  const template = {
    metadata: { labels: { app: 'scaled' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'main',
          image: 'busybox:1.36',
          command: ['sh', '-c', 'while true; do :; done'],
          resources: { requests: { cpu: '50m' }, limits: { cpu: '200m' } },
        },
      ],
    },
  };
  const spec = { replicas: 1, selector: { matchLabels: { app: 'scaled' } }, template };
  apply({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'scaled' }, spec });
  kubectl(['autoscale', 'deployment', 'scaled', '--min=1', '--max=2', '--cpu=50%']);
  await eventually('it is scaled by what metrics-server says', () => read('deployment', 'scaled').spec.replicas === 2, 120_000);
  kubectl(['delete', 'hpa,deployment', 'scaled']);
}

async function givenBack() {
  kubectl([...system, 'delete', 'deployment', 'metrics-server']);
  await eventually('it is missed', () => condition().status === 'False');
  assert.throws(() => kubectl(['top', 'nodes']), /unable to handle the request|Metrics API not available/);
  kubectl(['delete', 'apiservice', api]);
  await eventually('the cluster serves it again', () => condition().reason === 'Local');
  assert.match(kubectl(['top', 'nodes']), /^NAME /);
}

await report({ 'metrics-taken-over': takenOver, 'metrics-read': figures, 'metrics-scaled': autoscaled, 'metrics-given-back': givenBack });
