/**
 * minik is killed at random moments while pods come and go: whatever it was doing, a start converges, nothing is left
 * of what has gone, and no container ever ran twice at once. `MINIK_CRASHES` says how often (default 3), `MINIK_SEED`
 * when.
 */
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { E2eCluster } from './support/cluster.ts';
import { background, eventually } from './support/shell.ts';

const crashes = Number(process.env.MINIK_CRASHES || 3);
const seed = Number(process.env.MINIK_SEED || Date.now() % 1_000_000);
const cluster = new E2eCluster({ name: 'e2e-churn' });
const kubectl = (...args: string[]): Promise<string> => cluster.kubectl('kubectl', args);

before(() => cluster.start());
after(() => cluster.delete());

/** A repeatable sequence of numbers from 0 to 1 (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const container = { name: 'main', image: 'busybox:1.36', command: ['sh', '-c', "trap 'exit 0' TERM; sleep 1000000 & wait"] };
const deployment = (name: string): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 2, containers: [container] } },
  },
});
const apps = ['a', 'b', 'c'];

interface EngineEvent {
  readonly status: string;
  readonly id: string;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

/** The containers of pods that two runs of were alive at once, by what the daemon has told. */
function runTwice(events: readonly EngineEvent[]): readonly string[] {
  const alive = new Map<string, Set<string>>();
  const twice = new Set<string>();
  for (const { status, id, Actor } of events) {
    const { 'io.kubernetes.pod.uid': uid, 'io.kubernetes.container.name': name, name: full } = Actor.Attributes;
    const key = `${uid}/${name ?? 'POD'}`;
    const ids = alive.get(key) ?? new Set();
    alive.set(key, ids);
    if (status === 'die') ids.delete(id);
    else ids.add(id);
    if (ids.size > 1) twice.add(full ?? key);
  }
  return [...twice];
}

it('converges after every crash, leaves no orphan, and starts nothing twice', async (t) => {
  t.diagnostic(`MINIK_SEED=${seed}`);
  const random = randomFrom(seed);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] ?? assert.fail('nothing to pick from');
  const { clusterId } = await cluster.facts();
  const filters = ['type=container', 'event=start', 'event=die', `label=io.minik.cluster=${clusterId}`].flatMap((one) => ['--filter', one]);
  const engine = background(['docker', 'events', '--format', '{{json .}}', ...filters]);
  t.after(() => engine.stop());
  await cluster.kubectl('kubectl', ['create', '-f', '-'], {
    stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: apps.map(deployment) }),
  });
  /** Changes something, which the crash may cut short. */
  const churn = async (): Promise<void> => {
    const app = pick(apps);
    const what = random();
    if (what < 0.5) await cluster.try('kubectl', ['scale', 'deployment', app, `--replicas=${Math.floor(random() * 7)}`]);
    else if (what < 0.75) await cluster.try('kubectl', ['rollout', 'restart', 'deployment', app]);
    else
      await cluster.try('kubectl', [
        'delete',
        'pods',
        '-l',
        `app=${app}`,
        '--wait=false',
        ...(random() < 0.5 ? ['--force', '--grace-period=0'] : []),
      ]);
  };

  for (let crash = 1; crash <= crashes; crash++) {
    const { pid, guardPid } = await cluster.facts();
    let runs = true;
    const killed = delay(random() * 2500).then(() => {
      // The guard first, which would start the server again by itself.
      process.kill(guardPid, 'SIGKILL');
      process.kill(pid, 'SIGKILL');
      runs = false;
    });
    while (runs) await churn();
    await killed;
    await cluster.start();
  }

  // A scale whose answer the crash cut off may have been stored or not: what is stored counts.
  const names = new Set<string>();
  for (const app of apps) {
    const replicas = Number(await kubectl('get', 'deployment', app, '-o', 'jsonpath={.spec.replicas}'));
    assert.match(await kubectl('rollout', 'status', `deployment/${app}`, '--timeout=110s'), /successfully rolled out/);
    for (const name of replicas === 0 ? [] : await cluster.podsReady(`app=${app}`, replicas)) names.add(name);
  }
  await eventually(async () => {
    const owners = (await cluster.containers()).map((name) => name.split('_').slice(1, 3).join(' ')).sort();
    assert.deepEqual(
      owners,
      [...names].flatMap((name) => [`POD ${name}`, `main ${name}`]).sort(),
      'a pause and a workload container for each pod',
    );
  });
  await eventually(async () => {
    const uids = await kubectl('get', 'pods', '-o', 'jsonpath={.items[*].metadata.uid}');
    assert.deepEqual(
      await cluster.podFolders(),
      uids
        .split(' ')
        .filter((uid) => uid !== '')
        .sort(),
    );
  });
  const events: readonly EngineEvent[] = engine
    .output()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  assert.ok(events.length > 12, `the daemon told of ${events.length} starts and ends`);
  assert.deepEqual(runTwice(events), []);
});
