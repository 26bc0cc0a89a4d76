/** Upstream's kube-controller-manager and kube-scheduler on the oracle's kube-apiserver and etcd. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { lease } from '../../../src/api/kinds/coordination/lease.ts';
import { createHttpClient } from '../../../src/client/http-client.ts';
import { loadPki } from '../../../src/server/pki/pki.ts';
import { freePort } from '../free-port.ts';
import { startRealServer } from '../oracle/real-server.ts';
import { upstreamPrograms } from '../programs.ts';
import { restMs, type Side } from './side.ts';

/** Starts all; rejects when one of them does not lead within a minute. */
export async function startRealSide(): Promise<Side> {
  const programs = upstreamPrograms(['kube-controller-manager', 'kube-scheduler']);
  const { access, folder, stop: stopServer } = await startRealServer();
  const config = { server: access.url, insecureSkipTlsVerify: true, ...(access.token === undefined ? {} : { token: access.token }) };
  const kubeconfig = join(folder, 'controllers.json');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'real' },
      clusters: [{ name: 'real', cluster: { server: access.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'admin', user: { token: access.token } }],
      contexts: [{ name: 'real', context: { cluster: 'real', user: 'admin' } }],
    }),
    { mode: 0o600 },
  );
  const authority = join(folder, 'authority');
  await loadPki({ directory: authority, serviceIp: '10.96.0.1', extraNames: [] });
  const children: ChildProcess[] = [];
  const start = async (name: keyof typeof programs, flags: readonly string[]): Promise<void> => {
    const out = openSync(join(folder, `${name}.log`), 'w', 0o600);
    const own = ['--kubeconfig', '--authentication-kubeconfig', '--authorization-kubeconfig'].map((flag) => `${flag}=${kubeconfig}`);
    const args = [...own, `--cert-dir=${folder}`, '--bind-address=127.0.0.1', `--secure-port=${await freePort()}`, ...flags];
    children.push(spawn(programs[name], args, { stdio: ['ignore', out, out] }));
  };
  const client = createHttpClient(config);
  const stop = async (): Promise<void> => {
    client.close();
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await stopServer();
  };
  try {
    await start('kube-controller-manager', [
      `--service-account-private-key-file=${join(folder, 'sa.key')}`,
      `--flex-volume-plugin-dir=${folder}`,
      ...['--allocate-node-cidrs', '--cluster-cidr=10.244.0.0/16', `--root-ca-file=${join(authority, 'ca.crt')}`],
      ...[`--cluster-signing-cert-file=${join(authority, 'ca.crt')}`, `--cluster-signing-key-file=${join(authority, 'ca.key')}`],
    ]);
    await start('kube-scheduler', []);
    for (const name of ['kube-controller-manager', 'kube-scheduler']) {
      for (let tries = 0; ; tries++) {
        const found = await client
          .resource(lease)
          .get({ namespace: 'kube-system', name })
          .catch(() => undefined);
        if (found?.spec?.holderIdentity) break;
        if (tries > 240) throw new Error(`${name} does not lead; its log is in ${folder}`);
        await wait(250);
      }
    }
    // Its controllers start within seconds of its leading.
    await wait(5000);
    return {
      client,
      settle: async (lastChangeMs) => {
        const from = Date.now();
        for (;;) {
          const leftMs = Math.max(from, lastChangeMs()) + restMs - Date.now();
          if (leftMs <= 0) return;
          await wait(leftMs);
        }
      },
      pass: (ms) => wait(ms),
      now: () => Date.now(),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
