import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bundle } from '../scripts/bundle.ts';
import { sourcePositionsBy } from './source-positions.ts';

describe('the positions in a stack', () => {
  it('are those of the sources, by the name of the function and its line', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'positions-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const [entry, output] = [join(folder, 'entry.cjs'), join(folder, 'made.cjs')];
    writeFileSync(entry, '\n\nfunction isBroken(text) {\n  return text.nothing.there;\n}\nexports.run = () => isBroken("");\n');
    await bundle({ entry, output });
    const { run }: { run(): void } = createRequire(import.meta.url)(output);
    let reads = 0;
    const positions = sourcePositionsBy((name) => {
      reads += 1;
      return name === 'made.cjs' ? readFileSync(`${output}.map`, 'utf8') : undefined;
    });
    const stackOf = (): string => {
      try {
        run();
      } catch (error) {
        return error instanceof Error ? (error.stack ?? '') : '';
      }
      return assert.fail();
    };
    const stack = positions(stackOf());
    assert.match(stack, /at isBroken \(\S*entry\.cjs:4:23\)/);
    assert.match(stack, /at \S*run \(\S*entry\.cjs:6:\d+\)/);
    const before = reads;
    assert.equal(positions(stackOf()).split('\n')[1], stack.split('\n')[1]);
    assert.equal(reads, before, 'no map is read twice for the same frames');
  });

  it('stay as they are without a map', () => {
    const stack = 'Error: x\n    at f (other.cjs:1:2)\n    at node:internal/x:1:2';
    assert.equal(sourcePositionsBy(() => undefined)(stack), stack);
  });
});
