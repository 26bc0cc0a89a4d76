/**
 * Runs the contract for every built-in Kind, and for one that is added at run time.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { declarationContract } from './declaration.contract.ts';
import { builtInKinds } from './index.ts';
import { formsContract, statusContract, validationContract, verbsContract } from './kind.contract.ts';
import { allSamples } from './testing/all-samples.ts';
import type { KindSamples } from './testing/samples.ts';
import { widgetSamples } from './testing/widget.ts';

const all = await allSamples();

describe('built-in kinds', () => {
  it('have names of their own', () => {
    const names = builtInKinds.map(({ resourceName }) => resourceName);
    assert.equal(new Set(names).size, names.length);
  });
  it('have samples', () => {
    assert.deepEqual(
      builtInKinds.filter((kind) => !all.some((samples) => samples.kind === kind)).map(({ kind }) => kind),
      [],
    );
  });
});

function wholeContract(samples: KindSamples): void {
  verbsContract(samples);
  validationContract(samples);
  statusContract(samples);
  formsContract(samples);
}

for (const samples of all) {
  describe(samples.kind.kind, () => {
    declarationContract(samples);
    wholeContract(samples);
  });
}

describe('a Kind that is added at run time', () => wholeContract(widgetSamples));
