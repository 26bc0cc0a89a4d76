import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../../api/generated/core/v1.ts';
import { hostsFile, parseResolvConf, podHostname, resolvConf } from './dns-files.ts';

const aPod = (spec: object = {}, name = 'web-0'): Pod =>
  // Partial: the code under test reads no other fields.
  ({ metadata: { name, namespace: 'shop' }, spec: { dnsPolicy: 'ClusterFirst', ...spec } }) as unknown as Pod;
const host = parseResolvConf('# comment\nnameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch example.com corp.\noptions timeout:1\n');
const conf = (spec: object, clusterDns = '10.96.0.10'): string =>
  resolvConf({ pod: aPod(spec), clusterDomain: 'cluster.local', clusterDns, host }).text;

describe('resolv.conf', () => {
  it('asks the cluster first', () => {
    const expected =
      'search shop.svc.cluster.local svc.cluster.local cluster.local example.com corp\nnameserver 10.96.0.10\noptions ndots:5\n';
    assert.equal(conf({}), expected);
    assert.equal(conf({ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }), expected);
  });

  it("is the host's by policy, on its network, and without a cluster DNS", () => {
    const expected = 'search example.com corp\nnameserver 192.0.2.1\nnameserver 192.0.2.2\noptions timeout:1\n';
    assert.equal(conf({ dnsPolicy: 'Default' }), expected);
    assert.equal(conf({ hostNetwork: true }), expected);
    assert.equal(conf({}, ''), expected);
  });

  it("adds the pod's own settings", () => {
    const dnsConfig = { nameservers: ['192.0.2.9'], searches: ['my.dns'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] };
    assert.equal(conf({ dnsPolicy: 'None', dnsConfig }), 'search my.dns\nnameserver 192.0.2.9\noptions ndots:2 edns0\n');
    assert.match(
      conf({ dnsConfig }),
      /cluster\.local example\.com corp my\.dns\nnameserver 10\.96\.0\.10\nnameserver 192\.0\.2\.9\noptions ndots:2 edns0\n$/,
    );
  });
});

describe('limits of resolv.conf', () => {
  const warnings = (dnsConfig: object) =>
    resolvConf({ pod: aPod({ dnsPolicy: 'None', dnsConfig }), clusterDomain: 'cluster.local', clusterDns: '', host }).warnings;

  it('says what it leaves out', () => {
    const many = (count: number, length = 3) => Array.from({ length: count }, (_, i) => `s${i}`.padEnd(length, 'x'));
    assert.deepEqual(warnings({ nameservers: ['192.0.2.1', '192.0.2.2', '192.0.2.3'], searches: many(32) }), []);
    assert.deepEqual(warnings({ nameservers: ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'] }), [
      'Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: 192.0.2.1 192.0.2.2 192.0.2.3',
    ]);
    const text = (searches: readonly string[]) =>
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(' ')}`;
    assert.deepEqual(warnings({ searches: many(33) }), [text(many(32))]);
    assert.deepEqual(warnings({ searches: ['a'.repeat(254), 'b'] }), [text(['b'])]);
    // 2,048 characters, counting the spaces between the domains.
    assert.deepEqual(warnings({ searches: many(9, 240) }), [text(many(8, 240))]);
  });
});

describe('hosts file', () => {
  const hosts = (spec: object): string => {
    const pod = aPod(spec);
    return hostsFile({ pod, ip: '10.244.0.5', ...podHostname(pod, 'cluster.local'), hostFile: '127.0.0.1\tlocalhost\n' });
  };

  it('names the pod, in its domain when it has one', () => {
    assert.match(hosts({}), /\nfe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n/);
    assert.match(hosts({}), /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n[\s\S]*\n10\.244\.0\.5\tweb-0\n$/);
    assert.match(hosts({ subdomain: 'db' }), /\n10\.244\.0\.5\tweb-0\.db\.shop\.svc\.cluster\.local\tweb-0\n$/);
  });

  it('adds aliases, also on the host network', () => {
    const hostAliases = [{ ip: '192.0.2.7', hostnames: ['a', 'b.example'] }];
    assert.match(hosts({ hostAliases }), /\n\n# Entries added by HostAliases\.\n192\.0\.2\.7\ta\tb\.example\n$/);
    assert.equal(
      hosts({ hostNetwork: true, hostAliases }),
      '# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n\n# Entries added by HostAliases.\n192.0.2.7\ta\tb.example\n',
    );
  });
});

describe('host name', () => {
  it('is the pod’s name, cut to 63 characters, or what the spec says', () => {
    assert.equal(podHostname(aPod(), 'cluster.local').hostname, 'web-0');
    assert.equal(podHostname(aPod({}, `${'a'.repeat(62)}-b`), 'cluster.local').hostname, 'a'.repeat(62));
    assert.equal(podHostname(aPod({ hostname: 'own' }), 'cluster.local').hostname, 'own');
    const fqdn = podHostname(aPod({ subdomain: 'db', setHostnameAsFQDN: true }), 'cluster.local');
    assert.equal(fqdn.hostname, 'web-0.db.shop.svc.cluster.local');
  });
});
