import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ScalingHistory } from './scaling-history.ts';
import { bound, boundByRules, longestPeriodMs, type Wish } from './scaling-rules.ts';

const wish = (current: number, desired: number, more: Partial<Wish> = {}): Wish => ({ current, desired, min: 1, max: 100, ...more });
const minute = 60_000;

describe('bounds without rules', () => {
  const of = (one: Wish): string => {
    const { replicas, limit } = bound(one, new ScalingHistory(0), 0);
    return `${replicas} ${limit.reason} ${limit.isLimited}`;
  };

  it('are the double, at least four, and the limits of the object', () => {
    assert.equal(of(wish(1, 9)), '4 ScaleUpLimit true');
    assert.equal(of(wish(5, 20)), '10 ScaleUpLimit true');
    assert.equal(of(wish(5, 20, { max: 8 })), '8 TooManyReplicas true');
    assert.equal(of(wish(5, 0, { min: 2 })), '2 TooFewReplicas true');
    assert.equal(of(wish(5, 6)), '6 DesiredWithinRange false');
  });

  it('keep the highest recommendation of five minutes', () => {
    const history = new ScalingHistory(0);
    history.begin(8, 0);
    history.begin(9, 1);
    const at = (nowMs: number, desired: number) => {
      const { replicas, able } = bound(wish(8, desired), history, nowMs);
      return `${replicas} ${able.reason}`;
    };
    assert.equal(at(minute, 3), '8 ScaleDownStabilized');
    assert.equal(at(4 * minute, 5), '8 ScaleDownStabilized');
    assert.equal(at(5 * minute, 2), '8 ScaleDownStabilized');
    assert.equal(at(5 * minute + 1, 2), '5 ScaleDownStabilized');
    assert.equal(at(9 * minute + 1, 2), '2 ReadyForNewScale');
  });
});

describe('bounds by rules', () => {
  const policies = [
    { type: 'Pods', value: 4, periodSeconds: 60 },
    { type: 'Percent', value: 100, periodSeconds: 60 },
  ];
  const up = (current: number, desired: number, rules: object, history = new ScalingHistory(0), nowMs = 0) =>
    boundByRules(wish(current, desired), { scaleUp: { stabilizationWindowSeconds: 0, ...rules }, scaleDown: {} }, history, nowMs);
  const down = (current: number, desired: number, rules: object, history = new ScalingHistory(0), nowMs = 0) =>
    boundByRules(wish(current, desired), { scaleUp: {}, scaleDown: { stabilizationWindowSeconds: 0, ...rules } }, history, nowMs);

  it('select the largest change, the smallest, or none', () => {
    assert.equal(up(10, 90, { policies }).replicas, 20);
    assert.equal(up(10, 90, { policies, selectPolicy: 'Max' }).replicas, 20);
    assert.equal(up(10, 90, { policies, selectPolicy: 'Min' }).replicas, 14);
    const disabled = up(10, 90, { policies, selectPolicy: 'Disabled' });
    assert.deepEqual([disabled.replicas, disabled.limit.reason], [10, 'ScaleUpLimit']);
    const half = [
      { type: 'Pods', value: 2, periodSeconds: 60 },
      { type: 'Percent', value: 50, periodSeconds: 60 },
    ];
    assert.equal(down(11, 1, { policies: half }).replicas, 5);
    assert.equal(down(11, 1, { policies: half, selectPolicy: 'Min' }).replicas, 9);
    assert.equal(down(11, 1, { policies: half, selectPolicy: 'Disabled' }).replicas, 11);
  });

  it('count what was changed in the period of a policy', () => {
    const history = new ScalingHistory(0);
    const rules = { policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }] };
    history.scaled(6, 9, 0, minute);
    assert.equal(up(9, 90, rules, history, minute - 1).replicas, 10);
    assert.equal(up(9, 90, rules, history, minute).replicas, 13);
    history.scaled(9, 5, minute, minute);
    assert.equal(up(5, 90, rules, history, minute + 1).replicas, 13, 'what was removed may come back');
    assert.equal(history.ups.length, 1);
    history.scaled(5, 13, 2 * minute, minute);
    assert.deepEqual(history.ups, [{ change: 8, atMs: 2 * minute }], 'in the place of one that is too old');
  });

  it('round so that small numbers change', () => {
    assert.equal(up(1, 9, { policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] }).replicas, 2);
    assert.equal(down(3, 1, { policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }] }).replicas, 2);
  });

  it('wait for windows in both directions', () => {
    const history = new ScalingHistory(0);
    const rules = {
      scaleUp: { stabilizationWindowSeconds: 60, policies: [{ type: 'Pods', value: 50, periodSeconds: 60 }] },
      scaleDown: { policies: [{ type: 'Pods', value: 50, periodSeconds: 60 }] },
    };
    const at = (nowMs: number, current: number, desired: number) => {
      const { replicas, able } = boundByRules(wish(current, desired), rules, history, nowMs);
      return `${replicas} ${able.reason}`;
    };
    history.begin(5, 0);
    assert.equal(at(30_000, 5, 20), '5 ScaleUpStabilized');
    assert.equal(at(minute, 5, 20), '20 ReadyForNewScale');
    assert.equal(at(2 * minute, 20, 2), '20 ScaleDownStabilized');
    assert.equal(at(6 * minute, 20, 2), '2 ReadyForNewScale', 'five minutes when the rules say nothing');
  });

  it('know the longest period', () => {
    assert.equal(longestPeriodMs({ policies: [{ type: 'Pods', value: 1, periodSeconds: 15 }, ...policies] }), minute);
    assert.equal(longestPeriodMs(), 0);
  });
});
