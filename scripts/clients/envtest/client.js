// What scripts/test --clients tries with controller-runtime's own suites: each runs on a real etcd and kube-apiserver,
// then on minik in their place, and has to end alike. See scripts/clients/recipes.ts.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { folder, minik, note, report, run } from './shell.js';

const real = join(folder, 'real');
mkdirSync(real);
for (const [name, file] of Object.entries(JSON.parse(process.env.CLIENT_PROGRAMS))) symlinkSync(file, join(real, name));
const own = join(folder, 'minik');
run(minik, ['envtest', 'assets', '--dir', own]);

/** The end of every spec of a report, and of every test in what was printed. */
const endsOf = (file, printed) =>
  [
    ...JSON.parse(readFileSync(file, 'utf8')).flatMap(({ SpecReports }) =>
      SpecReports.map(({ State, LeafNodeType, ContainerHierarchyTexts, LeafNodeText }) =>
        [State, LeafNodeType, ...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ').trim(),
      ),
    ),
    ...[...printed.matchAll(/^ *--- ([A-Z]+: \S+)/gm)].map(([, end]) => end),
  ].toSorted();

/** Runs a suite with programs from a folder; its ends, and its seconds of the clock and of processors. */
function runSuite(suite, assets) {
  const file = join(folder, 'report.json');
  const command = `TIMEFORMAT='%R %U %S'; time "$0" -test.v --ginkgo.json-report="$1" 2>&1`;
  const { stdout, stderr } = spawnSync('bash', ['-c', command, resolve(`${suite}.test`), file], {
    cwd: join('source', 'pkg', suite),
    env: { ...process.env, KUBEBUILDER_ASSETS: assets },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const [seconds, user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { ends: endsOf(file, stdout), seconds, busy: user + system };
}

function compare(suite) {
  const theirs = runSuite(suite, real);
  const ours = runSuite(suite, own);
  const taken = ({ seconds, busy }) => `${seconds.toFixed(1)} s (${busy.toFixed(1)} s of processors)`;
  note(`${suite}: ${theirs.ends.length} ends; real: ${taken(theirs)}, minik: ${taken(ours)}`);
  assert.deepEqual(
    ours.ends.filter((end) => !theirs.ends.includes(end)),
    [],
  );
  assert.deepEqual(ours.ends, theirs.ends);
  assert.ok(ours.ends.filter((end) => /^passed It /.test(end)).length > 10, 'the suite has run');
}

await report({
  'client-suite': () => compare('client'),
  'cache-suite': () => compare('cache'),
  'controller-suite': () => compare('controller'),
});
