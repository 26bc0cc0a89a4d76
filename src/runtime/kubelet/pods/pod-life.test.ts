import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allStopped, failureOf, finish, mustEnd, newLife, type PodLife, startsNothing, terminate, usesNode } from './pod-life.ts';

const evicted = { reason: 'Evicted', message: 'full', graceSeconds: 1 };
const late = { reason: 'DeadlineExceeded', message: 'late' };

describe("a pod's life", () => {
  it('only goes forward', () => {
    const terminating = terminate(finish(newLife), undefined);
    assert.equal(finish(terminating), terminating);
    const over = allStopped(terminating);
    assert.equal(finish(over), over);
    assert.equal(terminate(over, late), over);
  });

  it('keeps the first reason for its end, whatever comes after', () => {
    const terminating = terminate(newLife, evicted);
    assert.equal(failureOf(terminate(terminating, late)), evicted);
    assert.equal(failureOf(allStopped(terminating)), evicted);
    assert.equal(failureOf(terminate(terminate(newLife, undefined), late)), undefined);
  });

  it('says at each stage what may be done', () => {
    const verdicts = (life: PodLife) => [startsNothing(life), mustEnd(life), usesNode(life)];
    const deleted = terminate(newLife, undefined);
    assert.deepEqual(verdicts(newLife), [false, false, true]);
    assert.deepEqual(verdicts(finish(newLife)), [true, false, true]);
    assert.deepEqual(verdicts(deleted), [true, true, true]);
    assert.deepEqual(verdicts(terminate(newLife, evicted)), [true, true, false]);
    assert.deepEqual(verdicts(allStopped(deleted)), [true, true, false]);
  });
});
