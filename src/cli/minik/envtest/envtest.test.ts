import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { silentLogger } from '../../../client/logger.ts';
import { firstFreePort } from '../../../runtime/network/free-port.ts';
import type { ApiServerChoices, ClusterHost } from '../../cluster-port.ts';
import { fakeTerminal } from '../../testing/fake-terminal.ts';
import type { SignalName, Signals } from '../signals.ts';
import type { VerbContext } from '../verb.ts';
import { envtestAssets } from './assets.ts';
import { envtestEtcd } from './etcd.ts';
import { envtestApiServer } from './kube-apiserver.ts';

interface Harness {
  readonly context: VerbContext;
  readonly folder: string;
  readonly printed: { out: string; err: string };
  /** With what API servers were started. */
  readonly served: ApiServerChoices[];
  readonly signals: Signals;
  /** Asks what runs to end. */
  end(): void;
}

function harness(t: TestContext, env: Readonly<Record<string, string>> = {}): Harness {
  const terminal = fakeTerminal(t, env);
  const served: ApiServerChoices[] = [];
  const listeners: ((signal: SignalName) => void)[] = [];
  const end = (): void => {
    for (const listener of listeners) listener('SIGTERM');
  };
  const host: Pick<ClusterHost, 'serveApi'> = {
    serveApi: async (choices) => {
      served.push(choices);
      // The test ends it as soon as it serves.
      setImmediate(end);
      return { apiUrl: `https://${choices.host}:${choices.port}`, stop: async () => undefined };
    },
  };
  const context: VerbContext = {
    ...{ terminal, openLog: () => silentLogger, selfCommand: ["/opt/it's minik"], version: '1.2.3' },
    loadClusterHost: async () => host as ClusterHost, // only this is called
  };
  const signals: Signals = {
    listen: (listener) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  return { context, folder: terminal.home, printed: terminal.printed, served, signals, end };
}

/** What envtest does with the output of `--help`. Source: controller-runtime process.go, CheckFlag. */
const hasFlag = (program: string, flag: string): boolean =>
  new RegExp(`^\\s*--${flag}\\b`, 'm').test(execFileSync(program, ['--help'], { encoding: 'utf8' }));

async function etcd(t: TestContext, { folder, signals, end }: Harness): Promise<string> {
  const url = `http://127.0.0.1:${await firstFreePort('127.0.0.1', 10_000 + randomInt(20_000))}`;
  const ended = envtestEtcd([`--listen-client-urls=${url}`, '--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync=true'], signals);
  t.after(async () => {
    end();
    assert.equal(await ended, 0);
  });
  const healthy = (): Promise<boolean> =>
    fetch(`${url}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (;;) if (await Promise.race([healthy(), ended.then(() => assert.fail('it ended at once'))])) return url;
}

/** As envtest starts it. Source: controller-runtime apiserver.go, defaultArgs. */
function apiServerArgs({ folder }: Harness, etcdUrl: string, ...more: readonly string[]): readonly string[] {
  for (const file of ['apiserver.crt', 'apiserver.key', 'ca.crt', 'sa.key']) writeFileSync(join(folder, file), `the ${file}`);
  return [
    ...['--allow-privileged=true', '--authorization-mode=RBAC', '--bind-address=127.0.0.1', `--cert-dir=${folder}`],
    ...[`--client-ca-file=${join(folder, 'ca.crt')}`, '--disable-admission-plugins=ServiceAccount', `--etcd-servers=${etcdUrl}`],
    ...['--secure-port=45678', '--service-account-issuer=https://127.0.0.1:45678/', `--service-account-key-file=${join(folder, 'sa.crt')}`],
    ...[`--service-account-signing-key-file=${join(folder, 'sa.key')}`, '--service-cluster-ip-range=10.0.0.0/24', ...more],
  ];
}

describe("envtest's assets", () => {
  it('are programs that answer for their flags, and start minik', (t) => {
    const { context, folder, printed } = harness(t);
    const dir = join(folder, 'assets');
    assert.equal(envtestAssets(context, dir), 0);
    assert.equal(printed.out, `export KUBEBUILDER_ASSETS='${dir}'\n`);
    assert.equal(hasFlag(join(dir, 'kube-apiserver'), 'secure-port'), true);
    assert.equal(hasFlag(join(dir, 'kube-apiserver'), 'insecure-port'), false, 'gone since 1.24');
    assert.equal(hasFlag(join(dir, 'etcd'), 'unsafe-no-fsync'), true);
    assert.ok(readFileSync(join(dir, 'kubectl'), 'utf8').endsWith(`exec '/opt/it'\\''s minik' 'kubectl' "$@"\n`));
    assert.equal(envtestAssets(context, dir), 0, 'and can be made again');
  });

  it("are not written over somebody else's programs", (t) => {
    const { context, folder } = harness(t);
    writeFileSync(join(folder, 'kube-apiserver'), 'ELF');
    assert.throws(() => envtestAssets(context, folder), /kube-apiserver is there already, and not minik's/);
    assert.equal(readFileSync(join(folder, 'kube-apiserver'), 'utf8'), 'ELF');
  });
});

describe("envtest's kube-apiserver", () => {
  it('serves as its flags say, keeps objects where its etcd says, and runs no controllers', async (t) => {
    const own = harness(t);
    const args = apiServerArgs(own, await etcd(t, own), '--feature-gates=A=true', '-v=4');
    assert.equal(await envtestApiServer(own.context, args, own.signals), 0);
    const [{ log: _, ...choices } = assert.fail('nothing was served')] = own.served;
    assert.deepEqual(choices, {
      ...{ folder: join(own.folder, 'etcd'), host: '127.0.0.1', port: 45_678, serviceCidr: '10.0.0.0/24' },
      serving: { certificate: 'the apiserver.crt', key: 'the apiserver.key' },
      ...{ clientCertificateAuthority: 'the ca.crt', serviceAccountKey: 'the sa.key' },
      settings: {
        ...{ controllers: [], disabledAdmission: ['ServiceAccount'], serviceAccountIssuer: 'https://127.0.0.1:45678/' },
        ...{ tokenAuthFile: undefined, admissionConfigFile: undefined, auditLogPath: undefined, auditPolicyFile: undefined },
      },
    });
  });

  it('runs the controllers that are asked for', async (t) => {
    for (const [asked, controllers] of [
      ['all', undefined],
      ['gc,namespace', ['gc', 'namespace']],
      ['', []],
    ] as const) {
      const own = harness(t, { MINIK_ENVTEST_CONTROLLERS: asked });
      await envtestApiServer(own.context, apiServerArgs(own, await etcd(t, own)), own.signals);
      assert.deepEqual(own.served[0]?.settings.controllers, controllers);
    }
  });

  it('refuses what it cannot do', async (t) => {
    const own = harness(t);
    const url = await etcd(t, own);
    const refused = (...more: readonly string[]): Promise<number> =>
      envtestApiServer(own.context, apiServerArgs(own, url, ...more), own.signals);
    await assert.rejects(refused('--nonsense=1'), /^UserError: unknown flag: --nonsense$/);
    await assert.rejects(refused('--authorization-mode=AlwaysAllow'), /minik authorizes by RBAC and Node, not by AlwaysAllow/);
    await assert.rejects(refused('--etcd-servers=http://127.0.0.1:1'), /127\.0\.0\.1:1 is not the etcd of "minik envtest assets"/);
    await assert.rejects(refused('--cert-dir=/nowhere'), /--cert-dir: ENOENT/);
    assert.deepEqual(own.served, []);
  });

  it('says which version it is', async (t) => {
    const { context, printed, signals } = harness(t);
    assert.equal(await envtestApiServer(context, ['--version'], signals), 0);
    assert.match(printed.out, /^Kubernetes v1\.\d+\.\d+\n$/);
  });
});
