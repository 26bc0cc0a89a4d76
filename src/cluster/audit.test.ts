import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type ClusterSettings, UserError } from '../cli/cluster-port.ts';
import { silentLogger } from '../client/logger.ts';
import { openAudit } from './audit.ts';

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'minik-audit-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

const settings = (more: Partial<ClusterSettings>): ClusterSettings => ({
  ...{ profile: 'p', folder: '/', runtime: 'simulated', nodes: [], apiPort: 1, serviceCidr: '10.96.0.0/20', podCidr: '10.244.0.0/20' },
  ...{ clusterId: 'p', ...more },
});

describe('the audit log of a cluster', () => {
  it('grows at its end, and can be read by its user only', async (t) => {
    const auditLogPath = join(await folderOf(t), 'audit.log');
    for (const line of ['one', 'two']) {
      const stop = new AbortController();
      const audit = openAudit(settings({ auditLogPath }), silentLogger, stop.signal);
      assert.ok(audit !== undefined);
      const closed = once(audit.closed, 'abort');
      audit.sink(line);
      stop.abort();
      await closed;
    }
    assert.equal(readFileSync(auditLogPath, 'utf8'), 'one\ntwo\n');
    assert.equal(statSync(auditLogPath).mode & 0o777, 0o600);
  });

  it('is kept only when it is asked for, and says what is wrong with its files', async (t) => {
    const folder = await folderOf(t);
    const { signal } = new AbortController();
    assert.equal(openAudit(settings({}), silentLogger, signal), undefined);
    const auditLogPath = join(folder, 'audit.log');
    const auditPolicyFile = join(folder, 'policy.yaml');
    const open = (more: Partial<ClusterSettings>) => () => openAudit(settings({ auditLogPath, ...more }), silentLogger, signal);
    assert.throws(open({ auditPolicyFile }), (error) => error instanceof UserError && /cannot be read/.test(error.message));
    writeFileSync(auditPolicyFile, 'rules: [');
    assert.throws(open({ auditPolicyFile }), (error) => error instanceof UserError && /is not valid/.test(error.message));
    assert.throws(
      open({ auditLogPath: join(folder, 'no', 'log') }),
      (error) => error instanceof UserError && /cannot be written/.test(error.message),
    );
  });
});
