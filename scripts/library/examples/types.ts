/** What a project in strict TypeScript writes; the types of the package must carry it. Compiled by library.test.ts. */
import {
  type Behaviours,
  type ClockReading,
  Cluster,
  type ClusterOptions,
  type ExecResult,
  isNotFound,
  type KubeObject,
  kinds,
  type Rule,
  WaitError,
} from 'minik';

const rules: readonly Rule[] = [{ name: 'db', match: { images: ['postgres'] }, behaviour: { ready: '5s', exec: [{ command: 'psql *' }] } }];
const behaviours: Behaviours = rules;
const options: ClusterOptions = { nodes: 2, zones: ['a', 'b'], behaviours, clock: { now: new Date(0), frozen: true } };

export async function test(): Promise<number> {
  await using cluster: Cluster = await Cluster.start(options);
  const [applied]: readonly KubeObject[] = await cluster.apply('web.yaml', { namespace: 'shop' });
  const name: string | undefined = applied?.metadata.name;
  const { items } = await cluster.client.resource(kinds.deployment).list({ namespace: 'shop' });
  const replicas: number = items.reduce((sum, { spec }) => sum + spec.replicas, 0);
  const { stdout, exitCode }: ExecResult = await cluster.exec('web', ['date'], { namespace: 'shop' });
  const reading: ClockReading = await cluster.clock.advance('24h');
  await cluster.behaviours.apply({ name: 'web', behaviour: { exitCode: 1 } });
  try {
    await cluster.waitFor({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } }, (object) => object.metadata.labels?.app === 'web');
  } catch (error) {
    if (error instanceof WaitError) return error.message.length;
    if (!isNotFound(error)) throw error;
  }
  return replicas + exitCode + stdout.length + reading.aheadMs + (name ?? '').length + Number(typed.every((isAny) => !isAny));
}

/** Types that could not be found would be `any`, with which everything compiles. */
type IsAny<T> = 0 extends 1 & T ? true : false;
const typed: readonly [IsAny<Cluster>, IsAny<Rule['behaviour']>, IsAny<ClockReading>, IsAny<(typeof kinds)['pod']>, IsAny<KubeObject>] = [
  false,
  false,
  false,
  false,
  false,
];
