import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';

const main = new URL('../main.ts', import.meta.url).pathname;
/** Writes to the stream that `exec` and `logs` write to. */
const streams = `import { outputOf } from ${JSON.stringify(new URL('terminal.ts', import.meta.url).pathname)};
outputOf(process.stdout, 'error').write('bytes of a pod');`;

/** A program whose standard output is given, and how it ends. */
async function run(args: readonly string[], stdout: number | 'closed'): Promise<readonly [number | null, string]> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['ignore', stdout === 'closed' ? 'pipe' : stdout, 'pipe'] });
  child.stdout?.destroy();
  assert.ok(child.stderr !== null);
  const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  return [code, err];
}

describe('a command whose output cannot be written', () => {
  const programs: readonly (readonly [string, readonly string[], string])[] = [
    ['minik', [main, 'help'], 'minik'],
    ['the bundled kubectl', [main, 'kubectl', 'options'], 'error'],
    ['a stream of the bundled kubectl', ['--input-type=module', '-e', streams], 'error'],
  ];
  for (const [name, args, prefix] of programs) {
    it(`says so in a line when the disk is full: ${name}`, async (t) => {
      const full = openSync('/dev/full', 'w');
      t.after(() => closeSync(full));
      assert.deepEqual(await run(args, full), [1, `${prefix}: write /dev/stdout: no space left on device\n`]);
    });

    it(`ends without a word when the reader has gone: ${name}`, async () => {
      assert.deepEqual(await run(args, 'closed'), [141, '']);
    });
  }
});
