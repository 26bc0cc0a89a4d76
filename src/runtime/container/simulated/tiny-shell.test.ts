import assert from 'node:assert/strict';
import { it } from 'node:test';
import { guessProgram } from './tiny-shell.ts';

const AROUND = { env: [{ name: 'COLOR', value: 'blue' }], hostname: 'web-0', workingDir: '' };

/** What a command line prints, waits and ends with. */
function story(...argv: string[]): string[] {
  return guessProgram(argv, AROUND).steps.map((step) => {
    if (step.do === 'log') return `${step.stream}: ${JSON.stringify(step.text)}`;
    return step.do === 'wait' ? `wait ${step.ms}` : step.do === 'exit' ? `exit ${step.code}` : step.do;
  });
}

it('understands the commands of the books', () => {
  assert.deepEqual(story('echo', 'a', 'b'), ['stdout: "a b\\n"', 'exit 0']);
  assert.deepEqual(story('sleep', '1.5'), ['wait 1500', 'exit 0']);
  assert.deepEqual(story('/bin/sleep', '2m'), ['wait 120000', 'exit 0']);
  assert.deepEqual(story('false'), ['exit 1']);
  assert.deepEqual(story('cat'), ['copyStdin', 'exit 0']);
  assert.deepEqual(story('hostname'), ['stdout: "web-0\\n"', 'exit 0']);
  assert.deepEqual(story('printenv', 'COLOR'), ['stdout: "blue\\n"', 'exit 0']);
});

it('follows the sequence of a shell command', () => {
  assert.deepEqual(story('sh', '-c', 'echo $COLOR "$COLOR x" \'$COLOR\'; exit 3; echo never'), [
    'stdout: "blue blue x $COLOR\\n"',
    'exit 3',
  ]);
  assert.deepEqual(story('/bin/sh', '-c', 'echo oops >&2 && false || echo "a;b"'), ['stderr: "oops\\n"', 'stdout: "a;b\\n"', 'exit 0']);
  assert.deepEqual(story('sh', '-c', 'true && false && echo no'), ['exit 1']);
});

it('takes how a script traps its stop signal', () => {
  assert.deepEqual(guessProgram(['sh', '-c', 'trap "exit 5" TERM; sleep 1 & wait'], AROUND).onTerm, { exitCode: 5 });
  assert.equal(guessProgram(['sh', '-c', 'trap "" TERM; sleep 1'], AROUND).onTerm, 'ignore');
});

it('takes anything else for a server that runs on', () => {
  assert.deepEqual(guessProgram(['nginx'], AROUND), { steps: [], understood: false });
  assert.deepEqual(story('sh', '-c', 'echo starting; exec nginx'), ['stdout: "starting\\n"']);
});
