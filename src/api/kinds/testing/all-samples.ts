/** Finds the samples of all built-in Kinds: `<group>/testing/<kind>.ts`, exported as `samples`. For tests only. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { KindSamples } from './samples.ts';

const folder = resolve(import.meta.dirname, '..');

/** Rejects when a file cannot be loaded. */
export async function allSamples(): Promise<readonly KindSamples[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /^[a-z-]+\/testing\/[a-z-]+\.ts$/.test(file));
  // Files with such names export samples; the tests that use them would fail otherwise.
  const found = (await Promise.all(files.map((file) => import(resolve(folder, file))))) as readonly { readonly samples: KindSamples }[];
  return found.map(({ samples }) => samples);
}
