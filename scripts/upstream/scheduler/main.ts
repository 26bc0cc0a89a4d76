/** Compares the scheduler's decisions with upstream's, or records upstream's. Usage: scripts/placement. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import {
  compareDecisions,
  recordedClusters,
  recordedDecisions,
  type UpstreamDecisions,
} from '../../../src/controllers/scheduler/testing/decisions.ts';
import { generateCluster } from '../../../src/controllers/scheduler/testing/generated-clusters.ts';
import { upstreamPrograms } from '../programs.ts';

function upstreamDecisions(first: number, count: number): readonly UpstreamDecisions[] {
  const { 'scheduler-decisions': program } = upstreamPrograms(['scheduler-decisions']);
  const input = JSON.stringify(Array.from({ length: count }, (_, i) => generateCluster(first + i)));
  const { status, stdout, stderr } = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`upstream's scheduler failed: ${stderr}`);
  // Written by scripts/upstream/go/scheduler/main.go.
  return JSON.parse(stdout) as readonly UpstreamDecisions[];
}

const [how, most] = process.argv.slice(2);
if (how === '--record') {
  const lines = upstreamDecisions(1, recordedClusters).map((decisions) => JSON.stringify(decisions));
  writeFileSync(recordedDecisions, `${lines.join('\n')}\n`);
} else {
  const [first, count] = [Number(how ?? 1), Number(most ?? recordedClusters)];
  let different = 0;
  for (const [i, decisions] of upstreamDecisions(first, count).entries()) {
    const difference = await compareDecisions(first + i, decisions);
    if (difference === undefined) continue;
    different++;
    console.log(`cluster ${first + i}:\n${difference}`);
  }
  console.log(`${count} clusters, ${different} with different decisions`);
  process.exitCode = different === 0 ? 0 : 1;
}
