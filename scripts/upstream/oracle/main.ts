/** The command behind scripts/oracle. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { loadSchemas } from '../../../src/api/schema/load.ts';
import { Protobuf } from '../../../src/api/schema/protobuf.ts';
import { ApiClient, type Call, type RawAnswer, type ServerAccess } from './api-client.ts';
import { compareAnswers, describeDifferences } from './compare.ts';
import { loadCases, type OracleCase } from './corpus.ts';
import { recordAnswers } from './facts.ts';
import { DifferenceFilter, differencesPage, loadKnownDifferences } from './known-differences.ts';
import { startMinikServer } from './minik-server.ts';
import { randomCases } from './random-cases.ts';
import { startRealServer } from './real-server.ts';
import { type Answers, runCase } from './run-case.ts';

const randomObjectsPerKind = 40;

const page = resolve(import.meta.dirname, '..', '..', '..', 'docs', 'differences.md');

function casesNamed(names: readonly string[]): readonly OracleCase[] {
  const cases = loadCases();
  if (names.length === 0) return cases;
  return names.map((name) => {
    const found = cases.find((oracleCase) => oracleCase.name === name);
    if (found === undefined) throw new Error(`no case "${name}"; there are: ${cases.map((oracleCase) => oracleCase.name).join(', ')}`);
    return found;
  });
}

/** The answers of one server to every case. */
async function ask(
  access: ServerAccess,
  cases: readonly OracleCase[],
  client = new ApiClient(access),
): Promise<ReadonlyMap<string, Answers>> {
  const codec = new Protobuf(loadSchemas(brotliDecompressSync));
  const answers = new Map<string, Answers>();
  for (const oracleCase of cases) answers.set(oracleCase.name, await runCase(oracleCase, client, codec));
  client.close();
  return answers;
}

/** Runs both servers, and passes the access of their administrators to `use`. */
async function withServers<T>(use: (real: ServerAccess, minik: ServerAccess) => Promise<T>): Promise<T> {
  const minik = await startMinikServer();
  try {
    const real = await startRealServer();
    try {
      return await use(real.access, minik.access);
    } finally {
      await real.stop();
    }
  } finally {
    await minik.stop();
  }
}

async function compare(names: readonly string[], record: boolean): Promise<boolean> {
  const cases = casesNamed(names);
  const [real, minik] = await withServers((theirs, ours) => Promise.all([ask(theirs, cases), ask(ours, cases)]));
  const known = loadKnownDifferences('api');
  if (record) for (const [name, answers] of real) recordAnswers(name, answers);
  if (record) writeFileSync(page, differencesPage());
  return report(real, minik, new DifferenceFilter(known), names.length === 0);
}

/** Takes a connection that is dropped for an answer: upstream panics at some objects. */
class PatientClient extends ApiClient {
  override send(call: Call): Promise<RawAnswer> {
    return super.send(call).catch((error: unknown) => ({ code: 0, headers: {}, warnings: [], body: Buffer.from(String(error)) }));
  }
}

/** How often upstream is asked before an answer that it does not give counts as a difference. */
const maxAsked = 6;

/** Puts random objects of every kind, or of the cases that are named, to both. */
async function compareRandom(names: readonly string[], seed: number): Promise<boolean> {
  const cases = randomCases(casesNamed(names), loadSchemas(brotliDecompressSync), seed, randomObjectsPerKind);
  const [real, minik] = await withServers(async (theirs, ours) => {
    const [first, mine] = await Promise.all([ask(theirs, cases, new PatientClient(theirs)), ask(ours, cases, new PatientClient(ours))]);
    return [await mostAlike(first, mine, cases, theirs), mine];
  });
  return report(real, minik, new DifferenceFilter(loadKnownDifferences('api')), false);
}

/**
 * The real server's answers, in which each that differs from minik's is replaced by one that does not, when the server
 * gives one at all: Go goes through maps in random order, and so the order of some errors is random.
 */
async function mostAlike(
  first: ReadonlyMap<string, Answers>,
  mine: ReadonlyMap<string, Answers>,
  cases: readonly OracleCase[],
  access: ServerAccess,
): Promise<ReadonlyMap<string, Answers>> {
  const filter = new DifferenceFilter(loadKnownDifferences('api'));
  const best = new Map(first);
  const different = (name: string, answers: Answers): ReadonlySet<string> =>
    new Set(filter.unknown(compareAnswers(name, answers, mine.get(name) ?? new Map())).map((difference) => difference.in));
  for (let asked = 1; asked < maxAsked; asked += 1) {
    const open = cases.filter(({ name }) => different(name, best.get(name) ?? new Map()).size > 0);
    if (open.length === 0) break;
    for (const [name, again] of await ask(access, open, new PatientClient(access))) {
      const unequal = different(name, again);
      const before = best.get(name) ?? new Map();
      best.set(
        name,
        new Map(
          [...before].map(([request, answer]) => [request, unequal.has(`${name}/${request}`) ? answer : (again.get(request) ?? answer)]),
        ),
      );
    }
  }
  return best;
}

/** Prints the differences. Returns whether there are none. */
function report(real: ReadonlyMap<string, Answers>, minik: ReadonlyMap<string, Answers>, filter: DifferenceFilter, all: boolean): boolean {
  let requests = 0;
  const found = [...real].flatMap(([name, answers]) => {
    requests += answers.size;
    return compareAnswers(name, answers, minik.get(name) ?? new Map());
  });
  const unknown = filter.unknown(found);
  const vanished = all ? filter.vanished() : [];
  if (unknown.length > 0) console.log(describeDifferences(unknown));
  for (const line of vanished) console.log(line);
  const equal = requests - new Set(found.map((difference) => difference.in)).size;
  const answers = new Set(unknown.map((difference) => difference.in)).size;
  console.log(`${requests} requests: ${equal} answers equal, ${answers} with differences that are not known`);
  return unknown.length === 0 && vanished.length === 0;
}

async function serve(): Promise<void> {
  const { access, folder, stop } = await startRealServer();
  const kubeconfig = join(folder, 'kubeconfig');
  const cluster = { name: 'real', cluster: { server: access.url, 'insecure-skip-tls-verify': true } };
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', clusters: [cluster], users: [{ name: 'admin', user: { token: access.token } }] },
    ...{ contexts: [{ name: 'real', context: { cluster: 'real', user: 'admin' } }], 'current-context': 'real' },
  };
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
  console.log(`export KUBECONFIG=${kubeconfig}`);
  await new Promise<void>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done());
  });
  await stop();
}

const options = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const random = options.map((option) => /^--random=(\d+)$/.exec(option)?.[1]).find((seed) => seed !== undefined);
const unknownOption = options.find((option) => !/^--(?:record|page|serve|random=\d+)$/.test(option));
if (unknownOption !== undefined) throw new Error(`unknown option ${unknownOption}; there are --record, --page, --serve and --random=SEED`);
if (options.includes('--serve')) await serve();
else if (options.includes('--page')) writeFileSync(page, differencesPage());
else if (random !== undefined) {
  if (!(await compareRandom(names, Number(random)))) process.exitCode = 1;
} else if (!(await compare(names, options.includes('--record')))) process.exitCode = 1;
