/**
 * The service range on a real host: pods on a Docker bridge reach listeners on service addresses through their gateway.
 * Needs dockerd and NET_ADMIN.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { eventually } from '../../e2e/support/shell.ts';
import { addServiceRoute, chooseSubnets, hasServiceRoute, removeServiceRoute } from './host-network.ts';
import { addressAt, parseCidr } from './ipv4.ts';
import { aBackend, aConfig, aPort, aService, startPlane } from './testing.ts';

const run = promisify(execFile);
const name = `minik-network-test-${process.pid}`;
const label = 'minik.test=network';

const docker = async (...args: string[]): Promise<string> => (await run('docker', args)).stdout.trim();

/** Runs clean-ups in reverse order: a network can be removed only after its containers. */
function cleanUp(t: TestContext): (undo: () => Promise<unknown>) => void {
  const undos: (() => Promise<unknown>)[] = [];
  t.after(async () => {
    for (const undo of undos.reverse()) await undo();
  });
  return (undo) => undos.push(undo);
}

/** An image with a static busybox, which `scripts/images/build` makes before these tests run. */
const image = 'busybox:1.36';

const ask = (host: string, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, host);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('end', () => resolve(text.trim()));
    socket.on('error', reject);
  });

describe('the service range on this host', () => {
  it('is reached by pods (through the bridge, their own Service too) and by the host, and leaves nothing behind', async (t) => {
    const after = cleanUp(t);
    const networks = await docker('network', 'ls', '--quiet');
    const taken = await docker('network', 'inspect', '--format', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', ...networks.split('\n'));
    const { serviceCidr, podCidr } = await chooseSubnets(taken.split(/\s+/));
    const range = parseCidr(serviceCidr);
    assert.ok(range);
    await addServiceRoute(serviceCidr);
    after(() => removeServiceRoute(serviceCidr));
    await addServiceRoute(serviceCidr);
    assert.equal(await hasServiceRoute(serviceCidr), true);

    await docker('network', 'create', '--label', label, '--subnet', podCidr, name);
    after(() => docker('network', 'rm', name));
    const serve = ['nc', '-ll', '-p', '8080', '-e', 'echo', 'hello-from-pod'];
    const pod = await docker('run', '--detach', '--label', label, '--network', name, image, ...serve);
    after(() => docker('rm', '--force', pod));
    const podIp = await docker('inspect', '--format', `{{(index .NetworkSettings.Networks "${name}").IPAddress}}`, pod);

    const [dnsIp, clusterIp] = [addressAt(range, 10), addressAt(range, 20)];
    const { apply, plane } = await startPlane(t, aConfig({ serviceCidr, podCidr, dnsIp }));
    await apply([aService({ clusterIp, ports: [aPort({ port: 80, backends: [aBackend(podIp, 8080)] })] })]);
    assert.ok(plane.dnsPort);

    const fromPod = (...command: string[]): Promise<string> => docker('exec', pod, '/bin/busybox', ...command);
    // The container runs before its program listens.
    assert.equal(await eventually(() => ask(clusterIp, 80)), 'hello-from-pod');
    assert.equal(await fromPod('nc', '-w', '5', clusterIp, '80'), 'hello-from-pod');
    const other = await docker('run', '--rm', '--label', label, '--network', name, image, 'nc', '-w', '5', clusterIp, '80');
    assert.equal(other, 'hello-from-pod');
    // Nothing listens there: the connection is refused at once, not lost.
    await assert.rejects(fromPod('nc', '-w', '5', clusterIp, '81'), /refused/);

    await removeServiceRoute(serviceCidr);
    await removeServiceRoute(serviceCidr);
    assert.equal(await hasServiceRoute(serviceCidr), false);
  });

  it('can be routed from a helper container with NET_ADMIN alone', async (t) => {
    const after = cleanUp(t);
    const networks = await docker('network', 'ls', '--quiet');
    const taken = await docker('network', 'inspect', '--format', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', ...networks.split('\n'));
    const { serviceCidr } = await chooseSubnets(taken.split(/\s+/));
    after(() => removeServiceRoute(serviceCidr));
    const options = {
      runHere: () => Promise.reject(new Error('Operation not permitted')),
      runInHelper: async (command: readonly string[]) => {
        await docker('run', '--rm', '--label', label, '--network', 'host', '--cap-add', 'NET_ADMIN', image, ...command);
      },
    };
    await addServiceRoute(serviceCidr, options);
    assert.equal(await hasServiceRoute(serviceCidr), true);
    await removeServiceRoute(serviceCidr, options);
    assert.equal(await hasServiceRoute(serviceCidr), false);
  });
});
