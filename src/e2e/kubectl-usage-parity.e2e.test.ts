/**
 * The bundled kubectl refuses, generates, prunes, compares and drains in the words and with the exit codes of the real
 * one.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, type Flavour, flavours } from './support/cluster.ts';
import { parity } from './support/parity.ts';

const cluster = new E2eCluster({ name: 'kuparity', runtime: 'simulated' });
const namespaceOf: Readonly<Record<Flavour, string>> = { kubectl: 'parity-real', 'minik kubectl': 'parity-ours' };
const { step, command, same, sameAtOnce } = parity(cluster, namespaceOf);

const configMap = (name: string, label = 'p'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, labels: {app: ${label}}}\ndata: {a: "1"}\n`;

const file = (name: string, text: string): string => {
  const path = join(cluster.home, name);
  writeFileSync(path, text);
  return path;
};

const pod = `apiVersion: v1
kind: Pod
metadata: {name: leaving, labels: {app: leaving}}
spec: {containers: [{name: a, image: busybox}]}
`;

describe('the bundled kubectl, used wrongly and rarely', () => {
  before(async () => {
    await cluster.start();
    for (const flavour of flavours) await cluster.kubectl(flavour, ['create', 'namespace', namespaceOf[flavour]]);
  });
  after(() => cluster.delete());

  it('refuses flags, arguments and sub-commands', () =>
    sameAtOnce([
      step('get pods --foo'),
      step('get pods -o'),
      step('get pods -z'),
      step('get pods --chunk-size=x'),
      step('get pods -o bogus'),
      step('get pods -o yaml=x'),
      step('get pods a/b/c'),
      step('get pods x --field-selector=metadata.name=x'),
      step('get pods --subresource=status'),
      step('create secret foo'),
      step('rollout foo'),
      step('scale deployment x --replicas=1'),
      step('run x --image=busybox --restart=Sometimes'),
      step('run x --image=busybox -t'),
      step('logs x --since=1x'),
      step('logs x --since=1'),
      step('set resources'),
      step('patch configmap x'),
      step('wait pod/x --for=bogus'),
      step('delete configmap --all -l a=b'),
      step('delete --all'),
      step('events --types=Foo'),
      step('drain'),
      step('diff'),
      step('config foo'),
      step('label pods -l x=y=z a=b'),
      step('describe pods -l x=y=z'),
      step('delete pods -l x=y=z'),
      step('delete pods --field-selector=x=y'),
      step('logs -l x=y=z'),
      step('rollout status deployment -l x=y=z'),
      step('config set a.b c --kubeconfig=none'),
      step('config set clusters c --kubeconfig=none'),
      step('config unset a'),
      step('get pods --cluster=none'),
      step('get pods --user=none'),
      step('get pods --as-group=none'),
      step('get pods --request-timeout=soon'),
      step('get pods --certificate-authority=/none/ca.crt'),
      step('get pods --kubeconfig=/none/config'),
      step('create job x --from=none'),
      step('create job x --from=cronjob/none'),
      step('run x --image=x --overrides={'),
      step('explain pods --api-version=v9'),
      step('patch configmap x --patch-file=/'),
      command('patch', 'configmap', 'x', '-p', 'a: b: c'),
      step('api-resources more'),
      step('api-versions more'),
    ]));

  it('refuses manifests', async () => {
    const bad = file('bad.yaml', `${configMap('first')}---\na: b: c\n`);
    await sameAtOnce([
      step('create -f -', ''),
      step('create -f -', 'just text\n'),
      step('create -f -', 'a: b\n'),
      step(`create -f ${join(cluster.home, 'none.yaml')}`),
      step(`create -f ${join(cluster.home, 'none*.yaml')}`),
      step('create -f http://127.0.0.1:2/x.yaml'),
      step(`create -f ${bad} --dry-run=client -o name`),
      step('apply -f - --dry-run=client', configMap('first').replace('name: first', 'generateName: first-')),
      step('create -f - --dry-run=client -o wide', configMap('first')),
    ]);
  });

  it('generates what the server need not know', () =>
    sameAtOnce([
      step('create quota q --hard=cpu=1,pods=2 --scopes=BestEffort --dry-run=client -o yaml'),
      step('create poddisruptionbudget p --selector=a=b --max-unavailable=20% --dry-run=client -o yaml'),
      step('create poddisruptionbudget p --selector=a=b'),
      step('create priorityclass p --value=10 --description=x --global-default --dry-run=client -o yaml'),
      step('create ingress i --rule=foo.com/*=svc:80,tls=sec --rule=foo.com/b=svc2:http --class=c --dry-run=client -o yaml'),
      step('create ingress i --rule=foo'),
      step('create role r --verb=get,list --resource=pods,deployments.apps,pods/log --resource-name=x --dry-run=client -o yaml'),
      step('create role r --verb=foo --resource=nodes --dry-run=client -o name'),
      step('create clusterrole r --verb=get --non-resource-url=/logs/* --dry-run=client -o yaml'),
      step('create rolebinding b --clusterrole=admin --user=a --group=g --serviceaccount=x:y --dry-run=client -o yaml'),
      step('create job j'),
    ]));

  it('patches, compares and prunes', async () => {
    const both = file('both.yaml', `${configMap('one')}---\n${configMap('two')}`);
    const one = file('one.yaml', configMap('one'));
    await sameAtOnce([
      step(`apply -f ${both}`),
      step(`diff -f ${both}`),
      command('patch', 'configmap', 'one', '-p', '{"data":{"b":"2"}}'),
      command('patch', 'configmap', 'one', '-p', '{"data":{"b":"2"}}'),
      command('patch', 'configmap', 'one', '-p', '{'),
      command('patch', 'configmap', 'one', '--type=json', '-p', '[{"op":"remove","path":"/data/none"}]'),
      step(`apply -f ${one} --prune`),
      step(`apply -f ${one} --prune -l app=p --prune-allowlist=ConfigMap`),
      step(`apply -f ${one} --prune -l app=p --prune-allowlist=core/v1/ConfigMap --dry-run=client`),
      step(`apply -f ${one} --prune -l app=p --prune-allowlist=core/v1/ConfigMap`),
      step('get configmap -l app=p -o name'),
      step('replace --raw=/api/v1/namespaces/none/configmaps/one -f -', '{}'),
    ]);
  });

  it('drains a node', () =>
    same([
      step('create -f -', pod),
      step('wait --for=condition=Ready pod/leaving --timeout=60s'),
      step('drain none'),
      step('drain kuparity --pod-selector=app=leaving --force --dry-run=client'),
      step('drain kuparity --pod-selector=app=leaving --force --grace-period=1'),
      step('get pods'),
      step('cordon kuparity'),
      step('uncordon kuparity'),
      step('uncordon kuparity'),
    ]));
});
