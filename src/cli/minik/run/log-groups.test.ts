import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { logGroup } from './log-groups.ts';

describe('groups in a log', () => {
  it('are folded as the CI system folds them, and titled elsewhere', () => {
    const group = (env: Readonly<Record<string, string>>): string => logGroup(env, 'minik: not ready', ['pod a'], 5000);
    assert.equal(group({}), 'minik: not ready:\n  pod a\n');
    assert.equal(group({ GITHUB_ACTIONS: 'true' }), '::group::minik: not ready\n  pod a\n::endgroup::\n');
    assert.equal(
      group({ GITLAB_CI: 'true' }),
      '\x1b[0Ksection_start:5:minik_not_ready[collapsed=true]\r\x1b[0Kminik: not ready\n  pod a\n\x1b[0Ksection_end:5:minik_not_ready\r\x1b[0K\n',
    );
    assert.equal(group({ TF_BUILD: 'True' }), '##[group]minik: not ready\n  pod a\n##[endgroup]\n');
    assert.equal(group({ BUILDKITE: 'true' }), '--- minik: not ready\n  pod a\n');
  });
});
