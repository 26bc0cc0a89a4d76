import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { targetOf } from './autoscale.ts';

describe('a target of kubectl autoscale', () => {
  it('is a percentage, an amount, or a number with the usual unit', () => {
    assert.deepEqual(targetOf('70%', 'cpu'), { type: 'Utilization', averageUtilization: 70 });
    assert.deepEqual(targetOf('500m', 'cpu'), { type: 'AverageValue', averageValue: '500m' });
    assert.deepEqual(targetOf('1500', 'cpu'), { type: 'AverageValue', averageValue: '1500m' });
    assert.deepEqual(targetOf(' 200 ', 'memory'), { type: 'AverageValue', averageValue: '200Mi' });
    assert.deepEqual(targetOf('2Gi', 'memory'), { type: 'AverageValue', averageValue: '2Gi' });
  });

  it('is refused in words', () => {
    assert.throws(() => targetOf('a%', 'cpu'), { message: 'invalid percentage value: a' });
    assert.throws(() => targetOf('-1%', 'cpu'), { message: 'invalid percentage value: -1' });
    assert.throws(() => targetOf('much', 'memory'), { message: 'invalid resource memory value: much' });
    assert.throws(() => targetOf(' ', 'cpu'), { message: 'empty input' });
  });
});
