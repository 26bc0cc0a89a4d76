/** The single executable, from an empty folder and with no Node on PATH: scenario 9 with its own kubectl. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { E2eCluster, executable, testdata } from './support/cluster.ts';
import { traces } from './support/machine.ts';
import { eventually, ok, run } from './support/shell.ts';

/** A folder of links to everything on PATH except Node and its kin, so that nothing of them can be used by accident. */
function pathWithoutNode(folder: string): string {
  mkdirSync(folder);
  const programs = new Map<string, string>();
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    if (!existsSync(directory) || directory.includes('node_modules')) continue;
    for (const name of readdirSync(directory)) if (!programs.has(name)) programs.set(name, join(directory, name));
  }
  for (const [name, target] of programs) {
    if (!/^(node|nodejs|npm|npx|corepack|tsx|kubectl)$/.test(name)) symlinkSync(target, join(folder, name));
  }
  return folder;
}

describe('the executable', () => {
  let cluster: E2eCluster;
  let program = '';
  let env: Readonly<Record<string, string>> = {};
  const minik = (...args: string[]): Promise<string> => ok([program, ...args], { env, cwd: cluster.home });

  before(async () => {
    cluster = new E2eCluster({ name: 'e2e-executable' });
    program = join(cluster.home, 'minik-executable');
    copyFileSync(executable, program);
    env = { ...cluster.env, PATH: pathWithoutNode(join(cluster.home, 'bin')) };
  });

  after(async () => {
    await run([program, 'delete'], { env });
    rmSync(cluster.home, { recursive: true, force: true });
  });

  it('runs where there is no Node', async () => {
    assert.notEqual((await run(['sh', '-c', 'command -v node'], { env })).code, 0);
    assert.match(await minik('version'), /^minik version: v\d+\.\d+\.\d+\nKubernetes: v1\.\d+\.\d+\n$/);
  });

  it('starts a cluster in a process of its own', async () => {
    await minik('start');
    const { pid, state } = JSON.parse(await minik('status', '-o', 'json'));
    assert.equal(state, 'Running');
    assert.equal(readlinkSync(`/proc/${pid}/exe`), program);
  });

  it('runs kubia and shows it to the host', async () => {
    await minik('kubectl', 'create', '-f', testdata('kubia/kubia-rc.yaml'));
    await minik('kubectl', 'expose', 'rc', 'kubia', '--type=LoadBalancer', '--name', 'kubia-http');
    const ip = await eventually(async () => {
      const text = await minik('kubectl', 'get', 'svc', 'kubia-http', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}');
      assert.notEqual(text, '');
      return text;
    });
    const text = await eventually(async () => (await fetch(`http://${ip}:8080`)).text());
    const pod = /^You've hit (kubia-\w{5})\n$/.exec(text)?.[1] ?? assert.fail(text);
    assert.equal(await minik('kubectl', 'exec', pod, '--', 'hostname'), `${pod}\n`);
    assert.match(await minik('kubectl', 'logs', pod), /^Kubia server starting/);
  });

  it('is kubectl when it is called so', async () => {
    const kubectl = join(cluster.home, 'kubectl');
    symlinkSync(program, kubectl);
    assert.match(await ok([kubectl, 'get', 'rc'], { env }), /^NAME +DESIRED +CURRENT +READY +AGE\nkubia +3 +3 +/);
    assert.match(await ok([kubectl, 'explain', 'pod.spec.restartPolicy'], { env }), /KIND: +Pod/);
  });

  it('keeps the cluster through stop and start, and removes it', async () => {
    await minik('stop');
    await minik('start');
    assert.match(await minik('kubectl', 'get', 'rc', 'kubia'), /^kubia +3 +3 +/m);
    const status = JSON.parse(await minik('status', '-o', 'json'));
    const { clusterId } = JSON.parse(await ok(['cat', join(status.folder, 'settings.json')]));
    await minik('delete');
    assert.deepEqual(await traces({ ...status, clusterId }), []);
    assert.equal(existsSync(status.folder), false);
  });
});
