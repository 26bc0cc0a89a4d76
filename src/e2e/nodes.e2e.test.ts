/** A cluster of several virtual nodes: each has an address that serves node ports, to pods and to the host. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, testdata } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-nodes', startArgs: ['--nodes', '2'] });
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

  it('leave no address behind', async () => {
    // The first is that of the bridge, whose range the next cluster may have at once.
    const [, second] = addresses;
    const isLocal = (): boolean => hostRoutes().includes(`|-- ${second}\n`);
    assert.equal(isLocal(), true);
    await cluster.minik(['delete']);
    assert.equal(isLocal(), false);
  });
});
