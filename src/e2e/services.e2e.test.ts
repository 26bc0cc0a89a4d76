/**
 * Scenario 25, first half, and the host's side of Services: DNS, ports, affinity, UDP, load balancers, and the API for
 * pods.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, testdata } from './support/cluster.ts';
import { eventually } from './support/shell.ts';

const cluster = new E2eCluster({ name: 'e2e-services' });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);
const service = (file: string): Promise<string> => kubectl('create', '-f', testdata('services', file));
let pods: readonly string[] = [];

before(async () => {
  await cluster.start();
  await kubectl('create', '-f', testdata('kubia/kubia-rc.yaml'));
  await service('kubia-svc.yaml');
  pods = await cluster.podsReady('app=kubia', 3);
});
after(() => cluster.delete());

/** What `curl` prints in the first pod. */
const curl = (...args: string[]): Promise<string> =>
  kubectl('exec', pods[0] ?? '', '--', 'curl', '-sSH', 'Connection: close', '--max-time', '10', ...args);
/** What a script prints in the first pod's Node.js. */
const script = (code: string): Promise<string> => kubectl('exec', pods[0] ?? '', '--', 'node', '-e', code);
/** What the host gets; over a new connection, since one that is there outlives its Service. */
const answer = async (url: string): Promise<string> => (await fetch(url, { headers: { connection: 'close' } })).text();
const hit = /^You've hit (kubia-\w{5})\n$/;
const field = (what: string, path: string): Promise<string> => kubectl('get', ...what.split(' '), '-o', `jsonpath={${path}}`);
const podIps = async (): Promise<readonly string[]> => (await field('po -l app=kubia', '.items[*].status.podIP')).split(' ').sort();

async function external(name: string): Promise<string> {
  return cluster.until(['get', 'svc', name, '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'], (text) => text !== '');
}

describe('a Service', () => {
  it('leads to a target port by number, and to all pods', async () => {
    assert.match(await kubectl('get', 'svc', 'kubia'), /^kubia +ClusterIP +\d+\.\d+\.\d+\.\d+ +<none> +80\/TCP /m);
    // Pods without a readiness probe are Ready before their programs listen.
    await eventually(async () => {
      const answers = await curl(...Array.from({ length: 30 }, () => 'http://kubia'));
      assert.deepEqual([...new Set(answers.match(/kubia-\w{5}/g))].sort(), [...pods].sort());
    });
  });

  it('leads to target ports by name, through several ports', async () => {
    await service('kubia-svc-named-ports.yaml');
    await eventually(async () => assert.match(await curl('http://kubia-named'), hit));
    assert.match(await curl('http://kubia-named:8081'), hit);
    // Traffic follows EndpointSlices; Endpoints are another controller's.
    await eventually(async () => {
      const ports = await field('endpoints kubia-named', '.subsets[0].ports[*].name');
      assert.deepEqual(ports.split(' ').sort(), ['http', 'http-alt']);
    });
  });

  it('is reached from the host by its ClusterIP', async () => {
    const ip = await field('svc kubia', '.spec.clusterIP');
    assert.match(await answer(`http://${ip}`), hit);
  });

  it('leads a client to the same pod with session affinity', async () => {
    await service('kubia-svc-session-affinity.yaml');
    await eventually(async () => assert.match(await curl('http://kubia-sticky'), hit));
    const answers = await curl(...Array.from({ length: 20 }, () => 'http://kubia-sticky'));
    assert.equal(new Set(answers.match(/kubia-\w{5}/g)).size, 1);
    assert.equal(await field('svc kubia-sticky', '.spec.sessionAffinityConfig.clientIP.timeoutSeconds'), '10800');
  });

  it('leads a pod to itself', async () => {
    const [own = ''] = pods;
    await eventually(async () => assert.equal(await curl('http://kubia'), `You've hit ${own}\n`));
  });

  it('forgets a pod that goes', async () => {
    const [, victim = ''] = pods;
    await kubectl('label', 'pod', victim, 'app=gone', '--overwrite');
    pods = [pods[0] ?? '', ...(await cluster.podsReady('app=kubia', 3)).filter((pod) => pod !== pods[0])];
    await eventually(async () => {
      const answers = await curl(...Array.from({ length: 30 }, () => 'http://kubia'));
      assert.deepEqual([...new Set(answers.match(/kubia-\w{5}/g))].sort(), [...pods].sort());
    });
    await kubectl('delete', 'pod', victim, '--grace-period=1', '--wait=false');
  });
});

describe('names', () => {
  it('work in their short and long forms', async () => {
    for (const name of ['kubia', 'kubia.default', 'kubia.default.svc', 'kubia.default.svc.cluster.local']) {
      assert.match(await curl(`http://${name}`), hit, name);
    }
    const missing = await cluster.try('kubectl', ['exec', pods[0] ?? '', '--', 'curl', '-sS', 'http://nobody.default.svc.cluster.local']);
    assert.equal(missing.code, 6);
    assert.match(missing.stderr, /Could not resolve host/);
  });

  it('are looked up as resolv.conf says', async () => {
    const text = await kubectl('exec', pods[0] ?? '', '--', 'cat', '/etc/resolv.conf');
    const dns = await field('svc kube-dns -n kube-system', '.spec.clusterIP');
    assert.match(text, new RegExp(`^nameserver ${dns.replaceAll('.', '\\.')}$`, 'm'));
    assert.match(text, /^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/m);
    assert.match(text, /^options ndots:5$/m);
    const hosts = await kubectl('exec', pods[0] ?? '', '--', 'cat', '/etc/hosts');
    assert.match(hosts, new RegExp(`^${await field(`po ${pods[0]}`, '.status.podIP')}\\t${pods[0]}$`, 'm'));
  });

  it('of headless Services are those of their pods', async () => {
    await service('kubia-svc-headless.yaml');
    await eventually(async () => {
      const ips: readonly string[] = JSON.parse(
        await script("require('dns').resolve4('kubia-headless.default.svc.cluster.local', (e, a) => console.log(JSON.stringify(a ?? [])))"),
      );
      assert.deepEqual([...ips].sort(), await podIps());
    });
    const records: readonly { readonly name: string; readonly port: number }[] = JSON.parse(
      await script(
        "require('dns').resolveSrv('_http._tcp.kubia-headless.default.svc.cluster.local', (e, a) => console.log(JSON.stringify(a)))",
      ),
    );
    assert.deepEqual(
      records.map(({ port }) => port),
      [8080, 8080, 8080],
    );
    for (const { name } of records) assert.match(name, /^[\w-]+\.kubia-headless\.default\.svc\.cluster\.local$/);
  });

  it('have SRV records for named ports, and PTR records', async () => {
    const ip = await field('svc kubia-named', '.spec.clusterIP');
    const output = await script(
      "const d = require('dns').promises; Promise.all([d.resolveSrv('_http-alt._tcp.kubia-named.default.svc.cluster.local'), " +
        `d.reverse('${ip}')]).then((r) => console.log(JSON.stringify(r)))`,
    );
    const [srv, ptr] = JSON.parse(output);
    assert.deepEqual([srv[0].name, srv[0].port], ['kubia-named.default.svc.cluster.local', 8081]);
    assert.deepEqual(ptr, ['kubia-named.default.svc.cluster.local']);
  });

  it('may stand for others: ExternalName', async () => {
    await service('external-name.yaml');
    await eventually(async () => assert.match(await curl('http://external-service'), hit));
    assert.match(
      await kubectl('get', 'svc', 'external-service'),
      /^external-service +ExternalName +<none> +kubia\.default\.svc\.cluster\.local +80\/TCP /m,
    );
    const cname = await script(
      "require('dns').resolveCname('external-service.default.svc.cluster.local', (e, a) => console.log(JSON.stringify(a)))",
    );
    assert.deepEqual(JSON.parse(cname), ['kubia.default.svc.cluster.local']);
  });
});

describe('Endpoints made by hand', () => {
  it('lead pods to a server outside the cluster', async (t) => {
    const outside = createServer((_request, response) => response.end('outside\n'));
    t.after(() => outside.close());
    const port = await new Promise<number>((resolve) => {
      // A server listening on "0.0.0.0" has an address with a port.
      outside.listen(0, '0.0.0.0', () => resolve((outside.address() as AddressInfo).port));
    });
    const host = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal);
    assert.ok(host);
    const file = join(cluster.home, 'external.yaml');
    const text = readFileSync(testdata('services/external-endpoints.yaml'), 'utf8');
    writeFileSync(
      file,
      text
        .replace('      - ip: 192.0.2.2\n', '')
        .replace('192.0.2.1', host.address)
        .replace('    ports:\n      - port: 80', `    ports:\n      - port: ${port}`),
    );
    await kubectl('create', '-f', file);
    await eventually(async () => assert.equal(await curl('http://external-endpoints'), 'outside\n'));
    await cluster.until(
      [
        'get',
        'endpointslices',
        '-l',
        'kubernetes.io/service-name=external-endpoints',
        '-o',
        'jsonpath={.items[*].endpoints[*].addresses[*]}',
      ],
      (addresses) => addresses === host.address,
    );
  });
});

describe('from the host', () => {
  it('a NodePort answers on the loopback and the node, and to no other network unless asked', async () => {
    await service('kubia-svc-nodeport.yaml');
    await eventually(async () => assert.match(await answer('http://127.0.0.1:30123'), hit));
    const node = await field('node e2e-services', '.status.addresses[?(@.type=="InternalIP")].address');
    assert.match(await answer(`http://${node}:30123`), hit);
    assert.match(await kubectl('get', 'svc', 'kubia-nodeport'), / 80:30123\/TCP /);
    const others = Object.values(networkInterfaces()).flatMap(
      (all) => all?.filter((each) => !each.internal && each.family === 'IPv4') ?? [],
    );
    for (const { address } of others)
      if (address !== node) await assert.rejects(answer(`http://${address}:30123`), { message: 'fetch failed' });

    await cluster.minik(['stop']);
    const started = await cluster.minik(['start', '--node-port-addresses', '0.0.0.0/0']);
    assert.equal(started.code, 0, started.stderr);
    for (const { address } of others) await eventually(async () => assert.match(await answer(`http://${address}:30123`), hit));
  });

  it('load balancers of one port have an address each', async () => {
    await service('kubia-svc-loadbalancer.yaml');
    const first = await external('kubia-loadbalancer');
    await kubectl('expose', 'rc', 'kubia', '--type=LoadBalancer', '--name=second', '--port=8080', '--target-port=8080');
    const second = await external('second');
    assert.notEqual(first, second);
    for (const ip of [first, second]) {
      assert.match(ip, /^127\.0\.0\.\d+$/);
      await eventually(async () => assert.match(await answer(`http://${ip}:8080`), hit));
    }
    await kubectl('delete', 'svc', 'second');
    await eventually(() => assert.rejects(answer(`http://${second}:8080`)));
    assert.match(await answer(`http://${first}:8080`), hit);
  });
});

describe('UDP', () => {
  it('is answered through a Service', async () => {
    await service('udp-echo.yaml');
    await cluster.podsReady('app=udp-echo', 1);
    const code = `
      const socket = require('dgram').createSocket('udp4');
      socket.on('message', (message) => { console.log(String(message)); socket.close(); });
      socket.send('anybody there?', 53, 'udp-echo');
      setTimeout(() => process.exit(1), 3000).unref();`;
    await eventually(async () => assert.equal(await script(code), 'anybody there?\n'));
  });
});

describe('the API', () => {
  const secrets = '/var/run/secrets/kubernetes.io/serviceaccount';
  const ask = (path: string, token = `$(cat ${secrets}/token)`): Promise<string> =>
    kubectl(
      'exec',
      pods[0] ?? '',
      '--',
      'sh',
      '-c',
      `curl -sS --cacert ${secrets}/ca.crt ${token === '' ? '' : `-H "Authorization: Bearer ${token}"`} -w '\\n%{http_code}' https://kubernetes.default.svc${path}`,
    );

  it('knows a pod by its token', async () => {
    const version = await ask('/version');
    assert.match(version, /"gitVersion": "v1\.36\.\d+/);
    assert.match(version, /\n200$/);
    assert.equal(await kubectl('exec', pods[0] ?? '', '--', 'cat', `${secrets}/namespace`), 'default');
  });

  it('forbids what nobody allowed', async () => {
    const answer = await ask('/api/v1/namespaces/default/pods');
    assert.match(answer, /\n403$/);
    const { message, reason } = JSON.parse(answer.slice(0, -4));
    assert.deepEqual(
      [reason, message],
      [
        'Forbidden',
        'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"',
      ],
    );
    assert.match(
      await ask('/api/v1/pods', ''),
      /User \\"system:anonymous\\" cannot list resource \\"pods\\" in API group \\"\\" at the cluster scope"/,
    );
    assert.match(await ask('/version', 'nonsense'), /\n401$/);
  });
});
