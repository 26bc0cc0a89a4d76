import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exponentialBounds, Meters } from './meters.ts';
import { MetricText } from './metric-text.ts';

const made = { name: 'made_total', help: 'Made.' };
const seconds = { name: 'took_seconds', help: 'Took.', bounds: exponentialBounds(0.1, 2, 2) };

function textOf(meters: Meters): readonly string[] {
  const text = new MetricText();
  meters.write(text);
  return text.toString().trim().split('\n');
}

describe('Meters', () => {
  it('count by labels, amounts by their size, and look figures up when they are asked for', () => {
    const meters = new Meters();
    let nodes = 1;
    meters.gauge({ name: 'nodes', help: 'Nodes.', samples: () => [[{}, nodes]] });
    meters.count(made, { kind: 'a' });
    meters.count(made, { kind: 'b' }, 3);
    meters.count(made, { kind: 'a' });
    meters.observe(seconds, 0.15);
    nodes = 2;
    assert.deepEqual(textOf(meters), [
      '# HELP made_total Made.',
      '# TYPE made_total counter',
      'made_total{kind="a"} 2',
      'made_total{kind="b"} 3',
      '# HELP took_seconds Took.',
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{le="0.1"} 0',
      'took_seconds_bucket{le="0.2"} 1',
      'took_seconds_bucket{le="+Inf"} 1',
      'took_seconds_sum 0.15',
      'took_seconds_count 1',
      '# HELP nodes Nodes.',
      '# TYPE nodes gauge',
      'nodes 2',
    ]);
  });

  it('keep one gauge of a name: the last', () => {
    const meters = new Meters();
    for (const value of [1, 2]) meters.gauge({ name: 'nodes', help: 'Nodes.', samples: () => [[{}, value]] });
    assert.equal(textOf(meters).at(-1), 'nodes 2');
    assert.equal(textOf(meters).length, 3);
  });
});
