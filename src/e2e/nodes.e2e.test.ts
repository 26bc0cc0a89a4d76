/**
 * A cluster of several virtual nodes: each has an address that serves node ports, to pods and to the host, and a zone
 * whose endpoints its pods prefer.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, testdata } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-nodes', startArgs: ['--nodes', '2', '--zones', 'a,b'] });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
const field = (what: string, path: string): Promise<string> => kubectl('get', ...what.split(' '), '-o', `jsonpath={${path}}`);
const hostRoutes = (): string => readFileSync('/proc/net/fib_trie', 'utf8');
const answer = async (url: string): Promise<string> => (await fetch(url, { headers: { connection: 'close' } })).text();
const hit = /^You've hit kubia-manual\n$/;

describe('the nodes of a cluster', () => {
  let addresses: readonly string[] = [];

  before(async () => {
    await cluster.start();
    addresses = (await field('nodes', '.items[*].status.addresses[?(@.type=="InternalIP")].address')).split(' ');
    await kubectl('create', '-f', testdata('kubia/kubia-manual.yaml'));
    await kubectl('label', 'pod', 'kubia-manual', 'app=manual');
    await cluster.podsReady('app=manual', 1);
  });
  after(() => cluster.delete());

  it('answer on node ports at each of their addresses, to the host and to pods', async () => {
    await kubectl('expose', 'pod', 'kubia-manual', '--name=everywhere', '--type=NodePort', '--port=8080');
    const port = await field('svc everywhere', '.spec.ports[0].nodePort');
    assert.equal(new Set(addresses).size, 2);
    for (const address of addresses) {
      const url = `http://${address}:${port}`;
      await eventually(async () => assert.match(await answer(url), hit));
      assert.match(await kubectl('exec', 'kubia-manual', '--', 'curl', '-sS', '--max-time', '10', url), hit);
    }
  });

  it('say which of them has endpoints of a balanced Service', async () => {
    await kubectl('expose', 'pod', 'kubia-manual', '--name=balanced', '--type=LoadBalancer', '--port=8080');
    await kubectl('patch', 'svc', 'balanced', '-p', '{"spec":{"externalTrafficPolicy":"Local"}}');
    const port = await field('svc balanced', '.spec.healthCheckNodePort');
    const own = await field('pod kubia-manual', '.status.hostIP');
    for (const address of addresses) {
      await eventually(async () => assert.equal((await fetch(`http://${address}:${port}`)).status, address === own ? 200 : 503));
    }
  });

  it('let pods scrape their kubelets, with the permission for it, at addresses that their certificates name', async () => {
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
    const scrape = (address: string, path: string): Promise<string> => {
      const command = `curl -sS --max-time 10 --cacert ${folder}/ca.crt -H "Authorization: Bearer $(cat ${folder}/token)" https://${address}:10250${path}`;
      return kubectl('exec', 'kubia-manual', '--', 'sh', '-c', command);
    };
    for (const address of addresses)
      assert.match(await scrape(address, '/metrics/resource'), /^Forbidden .*subresource\(s\)=\[metrics\]\)\n$/);
    await kubectl('create', 'clusterrole', 'scraper', '--verb=get', '--resource=nodes/metrics');
    await kubectl('create', 'clusterrolebinding', 'scraper', '--clusterrole=scraper', '--serviceaccount=default:default');
    for (const address of addresses) assert.match(await scrape(address, '/metrics/resource'), /^node_cpu_usage_seconds_total \d/m);
  });

  it('let pods, and node ports, reach the endpoint in their own zone where the Service prefers that', async () => {
    const own = await field('pod kubia-manual', '.spec.nodeName');
    const names = (await field('nodes', '.items[*].metadata.name')).split(' ');
    const other = names.find((name) => name !== own);
    const overrides = JSON.stringify({ spec: { nodeName: other } });
    const image = ['--image=luksa/kubia', '--image-pull-policy=IfNotPresent', '--labels=app=manual'];
    await kubectl('run', 'kubia-other', ...image, `--overrides=${overrides}`);
    await cluster.podsReady('app=manual', 2);
    await kubectl('create', 'service', 'nodeport', 'manual', '--tcp=8080');
    await kubectl('patch', 'svc', 'manual', '-p', '{"spec":{"trafficDistribution":"PreferSameZone"}}');
    await eventually(async () =>
      assert.match(
        await field('endpointslices -l kubernetes.io/service-name=manual', '.items[*].endpoints[*].hints.forZones[*].name'),
        /^(a b|b a)$/,
      ),
    );
    const [ip, port] = [await field('svc manual', '.spec.clusterIP'), await field('svc manual', '.spec.ports[0].nodePort')];
    const script = `for i in 1 2 3 4; do curl -sS --max-time 10 ${ip}:8080; done`;
    const reached = async (pod: string): Promise<string> =>
      [...new Set((await kubectl('exec', pod, '--', 'sh', '-c', script)).match(/kubia-\w+/g))].join(' ');
    await eventually(async () => assert.equal(await reached('kubia-other'), 'kubia-other'));
    assert.equal(await reached('kubia-manual'), 'kubia-manual');
    for (const pod of ['kubia-manual', 'kubia-other']) {
      const url = `http://${await field(`pod ${pod}`, '.status.hostIP')}:${port}`;
      for (let i = 0; i < 3; i++) assert.equal(await answer(url), `You've hit ${pod}\n`);
    }
    // No endpoint is for the zone to which its node moves, so that the pod reaches all.
    await kubectl('label', '--overwrite', 'node', other ?? '', 'topology.kubernetes.io/zone=c');
    await eventually(async () => assert.match(await reached('kubia-other'), / /));
    assert.equal(await reached('kubia-manual'), 'kubia-manual');
  });

  it('leave no address behind', async () => {
    // The first is that of the bridge, whose range the next cluster may have at once.
    const [, second] = addresses;
    const isLocal = (): boolean => hostRoutes().includes(`|-- ${second}\n`);
    assert.equal(isLocal(), true);
    await cluster.minik(['delete']);
    assert.equal(isLocal(), false);
  });
});
