import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderFieldError } from '../field-error.ts';
import { compareLevels, equivalentPolicies, isPolicyVersion, levelVersionText, policyOf, privilegedPolicy } from './policy.ts';

/** `enforce audit warn` of labels without their prefix. */
function shown(labels: Readonly<Record<string, string>>): string {
  const prefixed = Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]));
  const { policy } = policyOf(prefixed, privilegedPolicy);
  return [policy.enforce, policy.audit, policy.warn].map(levelVersionText).join(' ');
}

describe('the policy of a namespace', () => {
  it('is the default where labels are silent', () => {
    assert.equal(policyOf(undefined, privilegedPolicy).policy, privilegedPolicy);
    assert.equal(shown({}), 'privileged:latest privileged:latest privileged:latest');
    assert.equal(shown({ audit: 'baseline', 'warn-version': 'v1.3' }), 'privileged:latest baseline:latest privileged:v1.3');
  });

  it('warns of what it enforces, unless it says how to warn', () => {
    assert.equal(shown({ enforce: 'baseline', 'enforce-version': 'v1.20' }), 'baseline:v1.20 privileged:latest baseline:v1.20');
    assert.equal(
      shown({ enforce: 'baseline', 'enforce-version': 'v1.20', 'warn-version': 'v1.2' }),
      'baseline:v1.20 privileged:latest baseline:v1.2',
    );
    assert.equal(shown({ enforce: 'baseline', warn: 'privileged' }), 'baseline:latest privileged:latest privileged:latest');
  });

  it('enforces strictly what it cannot read, and neither audits nor warns', () => {
    assert.equal(shown({ enforce: 'x', audit: 'y', warn: 'z' }), 'restricted:latest privileged:latest privileged:latest');
    assert.equal(shown({ enforce: 'x' }), 'restricted:latest privileged:latest privileged:latest');
    assert.equal(shown({ enforce: 'baseline', 'enforce-version': '1.2' }), 'baseline:latest privileged:latest baseline:latest');
  });

  it('tells what it cannot read', () => {
    const { errors } = policyOf(
      { 'pod-security.kubernetes.io/enforce': 'x', 'pod-security.kubernetes.io/warn-version': 'v1' },
      privilegedPolicy,
    );
    assert.deepEqual(errors.map(renderFieldError), [
      'metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "x": must be one of privileged, baseline, restricted',
      'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v1": must be "latest" or "v1.x"',
    ]);
  });

  it('has versions without leading zeros that fit into 63 bits', () => {
    assert.deepEqual(
      ['latest', 'v1.0', 'v1.36', 'v1.9223372036854775807'].filter((text) => !isPolicyVersion(text)),
      [],
    );
    assert.deepEqual(['', 'Latest', 'v1', 'v1.01', 'v2.1', '1.1', 'v1.1.1', 'v1.9223372036854775808', 'v1.x'].filter(isPolicyVersion), []);
  });

  it('compares levels by their strictness, and policies by what they allow', () => {
    assert.ok(compareLevels('restricted', 'baseline') > 0 && compareLevels('privileged', 'baseline') < 0);
    const old = { ...privilegedPolicy, warn: { level: 'privileged', version: 'v1.2' } } as const;
    assert.ok(equivalentPolicies(old, privilegedPolicy));
    assert.ok(!equivalentPolicies({ ...old, audit: { level: 'baseline', version: 'latest' } }, privilegedPolicy));
  });
});
