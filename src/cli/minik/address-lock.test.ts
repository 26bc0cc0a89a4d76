import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lockAddresses } from './address-lock.ts';

describe('lockAddresses', () => {
  it('lets one at a time in, and uses the next folder where the first cannot be made or used', async (t) => {
    const base = mkdtempSync(join(tmpdir(), 'minik-addresses-'));
    t.after(() => rmSync(base, { recursive: true, force: true }));
    writeFileSync(join(base, 'file'), '');
    mkdirSync(join(base, 'odd', 'addresses.lock'), { recursive: true });
    const folders = [join(base, 'file', 'cache'), join(base, 'odd'), join(base, 'own')];
    const order: string[] = [];
    const first = await lockAddresses(folders, 'first');
    assert.deepEqual(readdirSync(join(base, 'own')), ['addresses.lock']);
    const second = lockAddresses(folders, 'second').then((release) => {
      order.push('second');
      release();
    });
    order.push('first');
    first();
    await second;
    assert.deepEqual(order, ['first', 'second']);
    assert.deepEqual(readdirSync(join(base, 'own')), []);
  });
});
