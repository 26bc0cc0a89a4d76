import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowlistProblem, mustVerify, type VerificationPolicy } from './pull-verification.ts';

describe('whether images that are here are verified', () => {
  const asked = (policy: VerificationPolicy, image: string, isPulled: boolean, allowlist: readonly string[] = []): boolean =>
    mustVerify({ policy, allowlist }, image, isPulled);

  it('depends on who has brought them', () => {
    for (const isPulled of [true, false]) {
      assert.equal(asked('NeverVerify', 'app:1', isPulled), false);
      assert.equal(asked('NeverVerifyPreloadedImages', 'app:1', isPulled), isPulled);
      assert.equal(asked('AlwaysVerify', 'app:1', isPulled), true);
    }
  });

  it('depends on a list of names', () => {
    const listed = (image: string): boolean =>
      !asked('NeverVerifyAllowlistedImages', image, true, ['r.example:5000/team/*', 'r.example/app']);
    const images = ['r.example:5000/team/x', 'r.example:5000/team/x:1', 'r.example/app:2', 'r.example/app@sha256:00', 'r.example/app2'];
    assert.deepEqual([...images, 'r.example:5000/teams'].map(listed), [true, true, true, true, false, false]);
  });

  it('refuses entries that name no images', () => {
    for (const [entry, problem] of [
      [' app', /leading\/trailing spaces/],
      ['', /too short/],
      ['/*', /at least registry hostname/],
      ['a/*/b', /not a valid wildcard pattern/],
      ['UPPER', /failed to parse as an image name/],
      ['r.example:5000/app:1', /neither tag nor digest/],
    ] as const)
      assert.match(allowlistProblem(entry) ?? '', problem, entry);
    for (const entry of ['app', 'r.example:5000/app', 'r.example/*']) assert.equal(allowlistProblem(entry), undefined, entry);
  });
});
