import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  addServiceRoute,
  chooseSubnets,
  HostNetworkError,
  hasServiceRoute,
  hostResolvers,
  localRanges,
  removeServiceRoute,
} from './host-network.ts';
import { parseFibTrie, parseRouteTable } from './host-routes.ts';

const trie = `Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.249.0.0/24 2 0 2
        |-- 10.249.0.0
           /24 link UNICAST
        |-- 10.249.0.1
           /32 host LOCAL
        |-- 10.249.0.255
           /32 link BROADCAST
     |-- 10.96.0.0
        /20 host LOCAL
     |-- 127.0.0.0
        /8 host LOCAL
`;
const routes = parseFibTrie(trie);
const readRoutes = async () => routes;

describe('host routes', () => {
  it('reads the kernel tables, local ones included', () => {
    assert.deepEqual(routes, [
      { cidr: '0.0.0.0/0', local: false },
      { cidr: '10.249.0.0/24', local: false },
      { cidr: '10.249.0.1/32', local: true },
      { cidr: '10.96.0.0/20', local: true },
      { cidr: '127.0.0.0/8', local: true },
    ]);
    assert.deepEqual(localRanges(routes), ['10.96.0.0/20']);
  });

  it('reads the older table of routes', () => {
    const text =
      'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t010200C0\t3\t0\t0\t0\t00000000\ndocker0\t000011AC\t0\t1\t0\t0\t0\t0000FFFF\n';
    assert.deepEqual(parseRouteTable(text), [
      { cidr: '0.0.0.0/0', local: false },
      { cidr: '172.17.0.0/16', local: false },
    ]);
  });
});

describe('the service route', () => {
  it('is neither added nor removed twice', async () => {
    const commands: string[] = [];
    const runHere = async (command: readonly string[]): Promise<void> => void commands.push(command.join(' '));
    await addServiceRoute('10.96.0.0/20', { readRoutes, runHere });
    await removeServiceRoute('10.96.16.0/20', { readRoutes, runHere });
    assert.deepEqual(commands, []);
    await addServiceRoute('10.96.16.0/20', { readRoutes, runHere });
    await removeServiceRoute('10.96.0.0/20', { readRoutes, runHere });
    assert.deepEqual(commands, [
      'ip route replace local 10.96.16.0/20 dev lo table local',
      'ip route del local 10.96.0.0/20 dev lo table local',
    ]);
    assert.equal(await hasServiceRoute('10.96.0.0/20', { readRoutes }), true);
    assert.equal(await hasServiceRoute('10.249.0.0/24', { readRoutes }), false);
  });

  it('is set through the helper when this process may not, and says what to do when nothing may', async () => {
    const refuse = async (): Promise<void> => {
      throw new Error('Operation not permitted');
    };
    const helped: string[] = [];
    await addServiceRoute('10.96.16.0/20', {
      readRoutes,
      runHere: refuse,
      runInHelper: async (command) => void helped.push(command.join(' ')),
    });
    assert.equal(helped.length, 1);
    await assert.rejects(addServiceRoute('10.96.16.0/20', { readRoutes, runHere: refuse, runInHelper: refuse }), (error) => {
      assert.ok(error instanceof HostNetworkError);
      assert.match(error.message, /sudo ip route replace local 10\.96\.16\.0\/20 dev lo/);
      return true;
    });
  });
});

describe('chooseSubnets', () => {
  it('avoids the host, container networks and other profiles', async () => {
    assert.deepEqual(await chooseSubnets(['10.244.0.0/20', '10.96.16.0/20'], {}, { readRoutes }), {
      serviceCidr: '10.96.32.0/20',
      podCidr: '10.244.16.0/20',
    });
  });

  it('does not count the own route and bridge of a profile against it', async () => {
    const preferred = { serviceCidr: '10.96.0.0/20', podCidr: '10.249.0.0/24' };
    assert.deepEqual(await chooseSubnets(['10.249.0.0/24'], preferred, { readRoutes }), preferred);
  });
});

describe('hostResolvers', () => {
  it('never forwards to the cluster itself', () => {
    const text = '# comment\nsearch lan\nnameserver 10.96.0.10\n nameserver 127.0.0.53 \nnameserver fd00::1\n';
    assert.deepEqual(hostResolvers(text, ['10.96.0.0/20']), ['127.0.0.53', 'fd00::1']);
  });
});
