import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import dnsPacket, { type Answer, type DecodedPacket, type RecordType } from 'dns-packet';
import { FakeClock } from '../../../client/fake-clock.ts';
import type { ServiceState } from '../network-state.ts';
import { aBackend, aConfig, aPort, aService, startPlane } from '../testing.ts';
import { ClusterZone } from './cluster-zone.ts';
import { DnsResolver } from './dns-resolver.ts';
import { UpstreamResolver } from './upstream-resolver.ts';

const clock = new FakeClock();

function resolverOf(services: readonly ServiceState[], upstreams: readonly { address: string; port: number }[] = []): DnsResolver {
  const zone = new ClusterZone('cluster.local', '10.96.0.10');
  for (const service of services) zone.upsert(service);
  const upstream = new UpstreamResolver({ clock, random: () => 0.5, onError: assert.ifError }, upstreams);
  return new DnsResolver({ zone, upstream, clock, random: () => 0 });
}

const encodeQuery = (name: string, type: RecordType, additionals: Answer[] = []): Buffer =>
  dnsPacket.encode({
    type: 'query',
    id: 4711,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type, name, class: 'IN' }],
    additionals,
  });

const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

async function query(
  resolver: DnsResolver,
  name: string,
  type: RecordType,
): Promise<DecodedPacket & { readonly rcode: string | undefined }> {
  const answer = await resolver.answer(encodeQuery(name, type), 'udp');
  assert.ok(answer);
  return { ...dnsPacket.decode(answer), rcode: rcodes[(answer[3] ?? 0) & 15] };
}

/** Records as text: `A 10.0.0.1`. */
const texts = (records: readonly Answer[] | undefined): readonly string[] =>
  (records ?? []).map((record) => {
    if (record.type === 'A' || record.type === 'CNAME' || record.type === 'PTR' || record.type === 'NS')
      return `${record.type} ${record.data}`;
    if (record.type === 'SRV') return `SRV ${record.data.priority} ${record.data.weight} ${record.data.port} ${record.data.target}`;
    if (record.type === 'TXT') return `TXT ${String(record.data)}`;
    return record.type;
  });

const web = aService({ clusterIp: '10.96.0.20', ports: [aPort({ name: 'http', port: 80, backends: [aBackend('10.244.0.5', 8080)] })] });
const database = aService({
  name: 'db',
  clusterIp: 'None',
  ports: [
    aPort({
      name: 'sql',
      port: 3306,
      backends: [
        aBackend('10.244.0.6', 3306, { hostname: 'db-0' }),
        aBackend('10.244.0.7', 3306),
        aBackend('10.244.0.8', 3306, { ready: false, hostname: 'db-2' }),
      ],
    }),
  ],
});

describe('DnsResolver in the cluster zone', () => {
  const resolver = resolverOf([
    web,
    database,
    aService({ name: 'away', type: 'ExternalName', clusterIp: '', externalName: 'web.default.svc.cluster.local', ports: [] }),
  ]);
  const cases: readonly [string, RecordType, string, readonly string[]][] = [
    ['web.default.svc.cluster.local', 'A', 'NOERROR', ['A 10.96.0.20']],
    ['WEB.Default.svc.Cluster.LOCAL', 'A', 'NOERROR', ['A 10.96.0.20']],
    ['web.default.svc.cluster.local', 'AAAA', 'NOERROR', []],
    ['_http._tcp.web.default.svc.cluster.local', 'SRV', 'NOERROR', ['SRV 0 100 80 web.default.svc.cluster.local']],
    ['_http._udp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN', []],
    ['web.default.svc.cluster.local', 'SRV', 'NOERROR', ['SRV 0 100 80 web.default.svc.cluster.local']],
    ['db.default.svc.cluster.local', 'A', 'NOERROR', ['A 10.244.0.6', 'A 10.244.0.7']],
    ['db-0.db.default.svc.cluster.local', 'A', 'NOERROR', ['A 10.244.0.6']],
    ['10-244-0-7.db.default.svc.cluster.local', 'A', 'NOERROR', ['A 10.244.0.7']],
    ['db-2.db.default.svc.cluster.local', 'A', 'NXDOMAIN', []],
    [
      '_sql._tcp.db.default.svc.cluster.local',
      'SRV',
      'NOERROR',
      ['SRV 0 50 3306 db-0.db.default.svc.cluster.local', 'SRV 0 50 3306 10-244-0-7.db.default.svc.cluster.local'],
    ],
    ['20.0.96.10.in-addr.arpa', 'PTR', 'NOERROR', ['PTR web.default.svc.cluster.local']],
    ['6.0.244.10.in-addr.arpa', 'PTR', 'NOERROR', ['PTR db-0.db.default.svc.cluster.local']],
    ['1-2-3-4.default.pod.cluster.local', 'A', 'NOERROR', ['A 1.2.3.4']],
    ['1-2-3.default.pod.cluster.local', 'A', 'NXDOMAIN', []],
    ['dns-version.cluster.local', 'TXT', 'NOERROR', ['TXT 1.1.0']],
    ['away.default.svc.cluster.local', 'A', 'NOERROR', ['CNAME web.default.svc.cluster.local', 'A 10.96.0.20']],
    ['missing.default.svc.cluster.local', 'A', 'NXDOMAIN', []],
    ['default.svc.cluster.local', 'A', 'NOERROR', []],
    ['nowhere.svc.cluster.local', 'A', 'NXDOMAIN', []],
    ['cluster.local', 'SOA', 'NOERROR', ['SOA']],
    ['cluster.local', 'NS', 'NOERROR', ['NS ns.dns.cluster.local']],
    ['example.cluster.local', 'A', 'NXDOMAIN', []],
  ];
  for (const [name, type, rcode, answers] of cases) {
    it(`answers ${type} ${name} with ${rcode} ${answers.join(', ')}`, async () => {
      const packet = await query(resolver, name, type);
      assert.equal(packet.rcode, rcode);
      assert.deepEqual(texts(packet.answers), answers);
      assert.equal(packet.questions?.[0]?.name, name);
      assert.equal(packet.id, 4711);
      assert.equal(packet.flag_aa, true);
      if (answers.length === 0) assert.deepEqual(texts(packet.authorities), ['SOA']);
      else assert.ok(packet.answers?.every((record) => !('ttl' in record) || record.ttl === 30));
    });
  }

  it('adds the addresses of SRV targets', async () => {
    const packet = await query(resolver, '_sql._tcp.db.default.svc.cluster.local', 'SRV');
    assert.deepEqual(texts(packet.additionals), ['A 10.244.0.6', 'A 10.244.0.7']);
  });

  it('hands out several addresses in rotating order', async () => {
    const firsts = new Set<string | undefined>();
    for (let i = 0; i < 4; i++) firsts.add(texts((await query(resolver, 'db.default.svc.cluster.local', 'A')).answers)[0]);
    assert.deepEqual([...firsts].sort(), ['A 10.244.0.6', 'A 10.244.0.7']);
  });

  it('includes endpoints that are not ready when the Service publishes them', async () => {
    const open = resolverOf([{ ...database, publishNotReadyAddresses: true }]);
    assert.equal((await query(open, 'db.default.svc.cluster.local', 'A')).answers?.length, 3);
  });

  it('answers NXDOMAIN for a headless Service without ready endpoints', async () => {
    const empty = resolverOf([{ ...database, ports: [aPort({ name: 'sql', port: 3306 })] }]);
    assert.equal((await query(empty, 'db.default.svc.cluster.local', 'A')).rcode, 'NXDOMAIN');
  });

  it('forgets cached answers when the zone changes', async () => {
    const zone = new ClusterZone('cluster.local', '10.96.0.10');
    const upstream = new UpstreamResolver({ clock, random: () => 0.5, onError: assert.ifError }, []);
    const changing = new DnsResolver({ zone, upstream, clock, random: () => 0 });
    assert.equal((await query(changing, 'web.default.svc.cluster.local', 'A')).rcode, 'NXDOMAIN');
    zone.upsert(web);
    changing.zoneChanged();
    assert.deepEqual(texts((await query(changing, 'web.default.svc.cluster.local', 'A')).answers), ['A 10.96.0.20']);
    zone.delete(web);
    changing.zoneChanged();
    assert.equal((await query(changing, 'web.default.svc.cluster.local', 'A')).rcode, 'NXDOMAIN');
  });
});

describe('DnsResolver messages', () => {
  const many = aService({
    name: 'many',
    clusterIp: 'None',
    ports: [aPort({ backends: Array.from({ length: 100 }, (_, index) => aBackend(`10.244.1.${index}`, 80)) })],
  });
  const opt = (udpPayloadSize: number, ednsVersion = 0): Answer => ({
    type: 'OPT',
    name: '.',
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion,
    flags: 0,
    flag_do: false,
    options: [],
  });

  it('truncates what does not fit, and tells so', async () => {
    const resolver = resolverOf([many]);
    const name = 'many.default.svc.cluster.local';
    const plain = await resolver.answer(encodeQuery(name, 'A'), 'udp');
    assert.ok(plain !== undefined && plain.length <= 512);
    assert.equal(dnsPacket.decode(plain).flag_tc, true);
    const large = await resolver.answer(encodeQuery(name, 'A', [opt(1232)]), 'udp');
    assert.ok(large !== undefined && large.length <= 1232 && large.length > 512);
    assert.ok(dnsPacket.decode(large).additionals?.some((record) => record.type === 'OPT'));
    const tcp = await resolver.answer(encodeQuery(name, 'A'), 'tcp');
    assert.ok(tcp);
    assert.equal(dnsPacket.decode(tcp).answers?.length, 100);
    assert.equal(dnsPacket.decode(tcp).flag_tc, false);
  });

  it('answers an unknown EDNS version with BADVERS', async () => {
    const answer = await resolverOf([web]).answer(encodeQuery('web.default.svc.cluster.local', 'A', [opt(1232, 1)]), 'udp');
    assert.ok(answer);
    const record = dnsPacket.decode(answer).additionals?.[0];
    assert.equal(record?.type === 'OPT' && record.extendedRcode, 1);
  });

  it('survives any bytes', async () => {
    const resolver = resolverOf([web]);
    const good = encodeQuery('web.default.svc.cluster.local', 'A');
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff;
      return seed % below;
    };
    for (let round = 0; round < 3000; round++) {
      const bytes = Buffer.from(good.subarray(0, random(good.length + 1)));
      for (let flips = random(4); flips > 0 && bytes.length > 0; flips--) bytes[random(bytes.length)] = random(256);
      await resolver.answer(bytes, round % 2 === 0 ? 'udp' : 'tcp');
    }
    const garbage = await resolver.answer(Buffer.concat([good.subarray(0, 12), Buffer.from([63, 1])]), 'udp');
    assert.ok(garbage);
    assert.equal(garbage.readUInt16BE(2) & 15, 1);
  });

  it('answers other operations with NOTIMP and other classes with REFUSED', async () => {
    const notify = encodeQuery('cluster.local', 'SOA');
    notify.writeUInt16BE(4 << 11, 2);
    const refused = dnsPacket.encode({ type: 'query', id: 1, questions: [{ type: 'TXT', name: 'version.bind', class: 'CH' }] });
    assert.equal(((await resolverOf([]).answer(notify, 'udp'))?.[3] ?? 0) & 15, 4);
    assert.equal(((await resolverOf([]).answer(refused, 'udp'))?.[3] ?? 0) & 15, 5);
  });

  it('answers SERVFAIL when there is no resolver to ask', async () => {
    assert.equal((await query(resolverOf([]), 'example.com', 'A')).rcode, 'SERVFAIL');
  });
});

/** A resolver on loopback that answers A questions with 192.0.2.1 and counts them. */
async function startUpstream(t: TestContext): Promise<{ readonly port: number; asked(): number }> {
  let count = 0;
  const socket = createSocket('udp4', (message, client) => {
    count++;
    const { id, questions } = dnsPacket.decode(message);
    const name = questions?.[0]?.name ?? '';
    const answer = dnsPacket.encode({
      type: 'response',
      ...(id === undefined ? {} : { id }),
      questions: questions ?? [],
      answers: [{ type: 'A', name, ttl: 300, data: '192.0.2.1' }],
    });
    socket.send(answer, client.port, client.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.after(() => socket.close());
  return { port: socket.address().port, asked: () => count };
}

describe('DnsResolver beyond the cluster', () => {
  it('forwards, keeps answers for at most 30 s, and counts their time to live down', async (t) => {
    const upstream = await startUpstream(t);
    const time = new FakeClock();
    const forwarder = new UpstreamResolver({ clock: time, random: Math.random, onError: assert.ifError }, [
      { address: '127.0.0.1', port: upstream.port },
    ]);
    t.after(() => forwarder.close());
    const resolver = new DnsResolver({
      zone: new ClusterZone('cluster.local', '10.96.0.10'),
      upstream: forwarder,
      clock: time,
      random: () => 0,
    });
    const ttlNow = async (): Promise<number | undefined> => {
      const [record] = (await query(resolver, 'example.com', 'A')).answers ?? [];
      return record?.type === 'A' ? record.ttl : undefined;
    };
    assert.equal(await ttlNow(), 300);
    time.advance(10_000);
    assert.equal(await ttlNow(), 290);
    assert.equal(upstream.asked(), 1);
    time.advance(21_000);
    assert.equal(await ttlNow(), 300);
    assert.equal(upstream.asked(), 2);
  });

  it('resolves the target of an ExternalName, and tries the next resolver when one is silent', async (t) => {
    const upstream = await startUpstream(t);
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    t.after(() => silent.close());
    const time = new FakeClock();
    const forwarder = new UpstreamResolver({ clock: time, random: Math.random, onError: assert.ifError }, [
      { address: '127.0.0.1', port: silent.address().port },
      { address: '127.0.0.1', port: upstream.port },
    ]);
    t.after(() => forwarder.close());
    const zone = new ClusterZone('cluster.local', '10.96.0.10');
    zone.upsert(aService({ name: 'away', type: 'ExternalName', clusterIp: '', externalName: 'example.com', ports: [] }));
    const resolver = new DnsResolver({ zone, upstream: forwarder, clock: time, random: () => 0 });
    silent.once('message', () => time.advance(2000));
    const packet = await query(resolver, 'away.default.svc.cluster.local', 'A');
    assert.deepEqual(texts(packet.answers), ['CNAME example.com', 'A 192.0.2.1']);
  });
});

describe('the DNS server', () => {
  it('answers over UDP and TCP', async (t) => {
    const { apply, plane } = await startPlane(t, aConfig({ dnsIp: '127.96.0.11' }));
    await apply([web]);
    const port = plane.dnsPort;
    assert.ok(port);
    const message = encodeQuery('web.default.svc.cluster.local', 'A');
    const client = createSocket('udp4');
    t.after(() => client.close());
    const overUdp = await new Promise<Buffer>((resolve) => {
      client.once('message', resolve);
      client.send(message, port, '127.96.0.11');
    });
    assert.deepEqual(texts(dnsPacket.decode(overUdp).answers), ['A 10.96.0.20']);
    const socket = connect(port, '127.96.0.11');
    t.after(() => socket.destroy());
    const framed = dnsPacket.streamEncode({
      type: 'query',
      id: 1,
      questions: [{ type: 'A', name: 'web.default.svc.cluster.local', class: 'IN' }],
    });
    socket.write(framed.subarray(0, 5));
    socket.write(Buffer.concat([framed.subarray(5), framed]));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 * (2 + received.readUInt16BE(0))) break;
    }
    assert.deepEqual(texts(dnsPacket.streamDecode(received).answers), ['A 10.96.0.20']);
  });
});
