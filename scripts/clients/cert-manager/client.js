// What scripts/test --clients tries with cert-manager: its chart gives the definitions, roles and webhooks; its
// controllers, webhook and injector run outside, each as the account that the chart has made for it. See
// scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apply, eventually, folder, freePort, items, kubectl, launch, namespace, read, report, run, stop, wait } from './shell.js';

const object = (kind, name, spec) => ({ apiVersion: 'cert-manager.io/v1', kind, metadata: { name }, spec });
const certificate = (name, issuer, more = {}) =>
  object('Certificate', name, {
    secretName: name,
    dnsNames: [`${name}.example.com`],
    issuerRef: { name: issuer, kind: 'Issuer' },
    privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Always' },
    ...more,
  });
const pem = (secret, key = 'tls.crt') => Buffer.from(read('secret', secret).data[key], 'base64').toString();
const certificateOf = (secret, key) => new X509Certificate(pem(secret, key));
const condition = (type, ...args) => read(...args).status?.conditions?.find((found) => found.type === type);

for (const name of ['CACHE', 'CONFIG', 'DATA']) process.env[`HELM_${name}_HOME`] = join(folder, name);
const helm = (...args) => run('./helm', ['--namespace', namespace, ...args]);

/** Starts a part of cert-manager as the account that its chart has made for it. */
function start(part, account) {
  const config = JSON.parse(kubectl(['config', 'view', '--raw', '--minify', '-o', 'json']));
  const token = kubectl(['create', 'token', account]).trim();
  for (const each of config.users) each.user = { token };
  const file = join(folder, `${account}.json`);
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return launch(part, './client', [part], { KUBECONFIG: file });
}

const parts = {};
async function installed() {
  const port = await freePort();
  const set = {
    'crds.enabled': true,
    'crds.keep': false,
    'startupapicheck.enabled': false,
    'webhook.url.host': `localhost:${port}`,
    replicaCount: 0,
    'webhook.replicaCount': 0,
    'cainjector.replicaCount': 0,
  };
  helm(
    'install',
    'cert-manager',
    './chart',
    '--wait',
    '--timeout=60s',
    ...Object.entries(set).map(([key, value]) => `--set=${key}=${value}`),
  );
  const self = object('Issuer', 'self', { selfSigned: {} });
  assert.throws(() => apply(self), /failed calling webhook "webhook\.cert-manager\.io"/);
  parts.webhook = start(`webhook:${port}`, 'cert-manager-webhook');
  parts.injector = start('injector', 'cert-manager-cainjector');
  parts.controllers = start('controllers', 'cert-manager');
  const bundle = () => read('validatingwebhookconfiguration', 'cert-manager-webhook').webhooks[0].clientConfig.caBundle;
  const authority = await eventually(
    'the authority is injected',
    () => bundle() === read('secret', 'cert-manager-webhook-ca').data['ca.crt'],
  );
  assert.ok(authority);
  await eventually('the webhook answers', () => apply(self));
}

function refused() {
  assert.throws(
    () => apply(certificate('short', 'self', { duration: '1m' })),
    /admission webhook "webhook\.cert-manager\.io" denied the request: spec\.duration: Invalid value: .*certificate duration must be greater than/,
  );
  assert.throws(() => apply(certificate('odd', 'self', { privateKey: { algorithm: 'DSA' } })), /Unsupported value: "DSA"/);
  // A conversion of names that the schema's own rules know.
  assert.match(kubectl(['explain', 'certificate.spec.privateKey.rotationPolicy']), /ENUM:\s+Never\s+Always/);
}

async function issued() {
  apply(
    certificate('authority', 'self', { isCA: true, commonName: 'authority' }),
    object('Issuer', 'ca', { ca: { secretName: 'authority' } }),
  );
  wait('condition=Ready', 'certificate/authority', 'issuer/self', 'issuer/ca');
  apply(certificate('web', 'ca', { secretTemplate: { labels: { app: 'web' } } }));
  wait('condition=Ready', 'certificate/web');
  const [authority, web] = [certificateOf('authority'), certificateOf('web')];
  assert.ok(authority.ca && web.verify(authority.publicKey), 'it is signed by the authority');
  assert.equal(web.subjectAltName, 'DNS:web.example.com');
  assert.equal(pem('web', 'ca.crt'), pem('authority'));
  assert.deepEqual([read('secret', 'web').type, read('secret', 'web').metadata.labels.app], ['kubernetes.io/tls', 'web']);
  assert.equal(read('certificate', 'web').status.revision, 1);
  const [request] = items('certificaterequests', '-l', 'cert-manager.io/certificate-name=web').concat(
    items('certificaterequests').filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === 'web')),
  );
  assert.equal(condition('Approved', 'certificaterequest', request.metadata.name).status, 'True');
  // The webhook writes down who has asked.
  assert.equal(request.spec.username, `system:serviceaccount:${namespace}:cert-manager`);
  assert.match(kubectl(['get', 'certificates']), /^NAME +READY +SECRET +AGE\n/);
  assert.match(kubectl(['describe', 'certificate', 'web']), /The certificate has been successfully issued/);
}

async function renewed() {
  const before = certificateOf('web').serialNumber;
  const issuing = {
    type: 'Issuing',
    status: 'True',
    reason: 'ManuallyTriggered',
    message: 'by hand',
    lastTransitionTime: new Date().toISOString(),
  };
  const { status, ...current } = read('certificate', 'web');
  kubectl(
    ['replace', '--subresource=status', '-f', '-'],
    JSON.stringify({ ...current, status: { ...status, conditions: [...status.conditions, issuing] } }),
  );
  await eventually('it is renewed', () => read('certificate', 'web').status.revision === 2 && certificateOf('web').serialNumber !== before);
  wait('condition=Ready', 'certificate/web');
  kubectl(['delete', 'secret', 'web']);
  await eventually('its secret is made again', () => certificateOf('web'));
  wait('condition=Ready', 'certificate/web');
  kubectl(['patch', 'certificate', 'web', '--type=merge', '--patch={"spec":{"dnsNames":["web.example.com","shop.example.com"]}}']);
  await eventually('it has another name', () => certificateOf('web').subjectAltName === 'DNS:web.example.com, DNS:shop.example.com');
}

async function ingresses() {
  apply(object('ClusterIssuer', 'everywhere', { selfSigned: {} }));
  wait('condition=Ready', 'clusterissuer/everywhere');
  const backend = { service: { name: 'shop', port: { number: 80 } } };
  apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name: 'shop', annotations: { 'cert-manager.io/cluster-issuer': 'everywhere' } },
    spec: {
      tls: [{ hosts: ['shop.example.com'], secretName: 'shop-tls' }],
      rules: [{ host: 'shop.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  });
  await eventually('its certificate is ready', () => condition('Ready', 'certificate', 'shop-tls')?.status === 'True');
  assert.equal(certificateOf('shop-tls').subjectAltName, 'DNS:shop.example.com');
  kubectl(['delete', 'ingress', 'shop']);
  await eventually('it goes with the ingress', () => items('certificates').every(({ metadata }) => metadata.name !== 'shop-tls'));
}

async function uninstalled() {
  kubectl(['delete', 'certificates,issuers', '--all', '--timeout=60s']);
  await eventually('no request is left', () => items('certificaterequests').length === 0);
  for (const part of Object.values(parts)) await stop(part);
  helm('uninstall', 'cert-manager', '--wait', '--timeout=60s');
  assert.throws(() => kubectl(['get', 'certificates']), /the server doesn't have a resource type "certificates"/);
  kubectl(['delete', 'secrets,leases', '--all']);
}

await report({
  'certificates-installed': installed,
  'certificates-refused': refused,
  'certificates-issued': issued,
  'certificates-renewed': renewed,
  'certificates-of-ingresses': ingresses,
  'certificates-gone': uninstalled,
});
