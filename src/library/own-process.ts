/** A cluster in a process of its own, by the `minik` program: its containers are Docker's. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { type ClockReading, clockPath } from '../api/cluster-time.ts';
import { faultsPath } from '../api/faults/fault-order.ts';
import { type AnyKind, defineKind } from '../api/kind.ts';
import { builtInKinds } from '../api/kinds/index.ts';
import type { CustomObject } from '../api/object.ts';
import { createOpenFormat } from '../api/schema/open-format.ts';
import { isNotFound } from '../api/status-error.ts';
import { createHttpClient } from '../client/http-client.ts';
import type { HttpTransport } from '../client/http-transport.ts';
import { parseFile, resolveContext } from '../client/kubeconfig.ts';
import { schemas } from '../cluster/schemas.ts';
import { createKindSet, servedVersions } from '../server/registry/kind-set.ts';
import type { KindSet } from '../server/registry/registry.ts';
import type { Backend } from './backend.ts';

export interface OwnProcessOptions {
  readonly name: string;
  readonly nodes: number;
  readonly zones: readonly string[];
  readonly controllers: boolean;
  readonly scheduler: boolean;
  /** Default: MINIK_EXECUTABLE, or `minik` on the PATH. */
  readonly executable: string | undefined;
}

/** Runs a `minik` command to its end. Rejects with an Error that has what it printed. */
async function run(executable: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(executable, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = new Promise<never>((_, reject) => {
    child.on('error', (error) =>
      reject(
        new Error(
          `${executable} cannot be run: ${error.message}. Name the minik program by the option executable, or by MINIK_EXECUTABLE.`,
        ),
      ),
    );
  });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [code, out, err] = await Promise.race([Promise.all([closed, textOf(child.stdout), textOf(child.stderr)]), failed]);
  if (code !== 0) throw new Error(`minik ${args.join(' ')} failed:\n${err}${out}`);
}

export async function startOwnProcess(options: OwnProcessOptions): Promise<Backend> {
  const { name, nodes, zones, controllers, scheduler } = options;
  const executable = options.executable ?? (process.env.MINIK_EXECUTABLE || 'minik');
  const home = mkdtempSync(join(tmpdir(), 'minik-library-'));
  const kubeconfig = join(home, 'kubeconfig');
  const env = { ...process.env, MINIK_HOME: home, KUBECONFIG: kubeconfig };
  const stop = async (): Promise<void> => {
    await run(executable, ['delete', '-p', name], env);
    rmSync(home, { recursive: true, force: true });
  };
  const flags = [
    ...['-p', name, '--runtime', 'docker', '--nodes', String(nodes)],
    ...(zones.length === 0 ? [] : ['--zones', zones.join(',')]),
    ...['--controller-manager', String(controllers), '--scheduler', String(scheduler)],
  ];
  try {
    await run(executable, ['start', ...flags], env);
  } catch (error) {
    await stop().catch(() => rmSync(home, { recursive: true, force: true }));
    throw error;
  }
  const access = resolveContext(parseFile(kubeconfig, readFileSync(kubeconfig, 'utf8'))).config;
  const client = createHttpClient(access);
  const known = createKindSet(builtInKinds);
  return {
    name,
    client,
    kind: async (group, version, kind) =>
      known.byKind(group, version, kind) ?? (await discovered(client.transport, group, version)).find((each) => each.kind === kind),
    kinds: async () => [...known.all, ...(await customKinds(client.transport, known))],
    access: async () => access,
    // The server answers with a reading.
    readClock: async () => (await client.transport.json({ method: 'GET', path: clockPath })) as unknown as ClockReading,
    moveClock: async ({ action }) =>
      (await client.transport.json({ method: 'POST', path: clockPath, body: { action, by: '0s' } })) as unknown as ClockReading,
    askFaults: ({ name, ...call }) =>
      client.transport.json({ ...call, path: name === undefined ? faultsPath : `${faultsPath}/${encodeURIComponent(name)}` }),
    passTimer: async () => false,
    behaviours: { list: refuseBehaviours, apply: refuseBehaviours, remove: refuseBehaviours },
    save: async () => {
      throw new Error('the state of a cluster on Docker cannot be saved: only that of a simulated cluster can');
    },
    stop: async () => {
      client.close();
      await stop();
    },
  };
}

const refuseBehaviours = async (): Promise<never> => {
  throw new Error('containers on Docker do what their programs do: only those of a simulated cluster can be told');
};

interface DiscoveredResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly shortNames?: readonly string[];
}

/** The Kinds of a group version, as discovery tells them; none when it is not served. */
async function discovered(transport: HttpTransport, group: string, version: string): Promise<readonly AnyKind[]> {
  let list: unknown;
  try {
    list = await transport.json({ method: 'GET', path: `/apis/${group}/${version}` });
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
  // An APIResourceList.
  const { resources } = list as { readonly resources: readonly DiscoveredResource[] };
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, singularName, namespaced, kind, shortNames = [] }) =>
      defineKind<CustomObject>({
        ...{ group, version, kind, plural: name, scope: namespaced ? 'Namespaced' : 'Cluster' },
        names: { shortNames, ...(singularName === '' ? {} : { singular: singularName }) },
        codec: { schema: createOpenFormat(schemas, `${group}.${version}.${kind}`) },
      }),
    );
}

/** The Kinds that definitions and other API servers have added. */
async function customKinds(transport: HttpTransport, known: KindSet): Promise<readonly AnyKind[]> {
  // An APIGroupList.
  const { groups } = (await transport.json({ method: 'GET', path: '/apis' })) as unknown as {
    readonly groups: readonly { readonly name: string; readonly preferredVersion: { readonly version: string } }[];
  };
  const builtIn = new Set(known.all.flatMap(servedVersions).map(({ group }) => group));
  const others = groups.filter(({ name }) => !builtIn.has(name));
  return (await Promise.all(others.map(({ name, preferredVersion }) => discovered(transport, name, preferredVersion.version)))).flat();
}
