/** A terminal for tests: collects what is printed, lives in a temporary home that is removed afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Terminal } from '../terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly printed: { out: string; err: string };
}

export function fakeTerminal(t: TestContext, env: Readonly<Record<string, string>> = {}): FakeTerminal {
  const home = mkdtempSync(join(tmpdir(), 'minik-cli-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  const printed = { out: '', err: '' };
  return {
    env: { ...env },
    home,
    interactive: false,
    printed,
    out: (text) => {
      printed.out += text;
    },
    err: (text) => {
      printed.err += text;
    },
  };
}
