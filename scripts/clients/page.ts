/** docs/clients.md: what other people's clients say about minik. A client that was not run keeps its last row. */
import type { CheckResult } from './report.ts';

export interface ClientOutcome {
  readonly name: string;
  /** With its version. */
  readonly client: string;
  /** What was tried, in words. */
  readonly tried: readonly string[];
  readonly results: readonly CheckResult[] | { readonly needs: string };
}

const head = ['| client | version | tried | result | on |', '|---|---|---|---|---|'];

/** Pipes and line ends would end a table's cell, angle brackets would be taken for HTML. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll(/\s+/g, ' ');

function resultWords(results: readonly CheckResult[]): string {
  const bad = results.filter(({ problem }) => problem !== undefined);
  if (bad.length === 0) return `all ${results.length} passed`;
  return `failed: ${bad.map(({ check, problem }) => `${check} (${problem?.slice(0, 200)})`).join('; ')}`;
}

function rowOf({ name, client, tried, results }: ClientOutcome, date: string, previous: string | undefined): string {
  const ran = !('needs' in results);
  if (!ran && previous !== undefined) return previous;
  const words = ran ? resultWords(results) : `not run: needs ${results.needs}`;
  return `| ${[name, client, tried.join('; '), words, ran ? date : '-'].map(cell).join(' | ')} |`;
}

/** The page; `previous` is the one that it replaces. Clients that are not among the outcomes keep their rows, too. */
export function clientsPage(outcomes: readonly ClientOutcome[], date: string, previous: string): string {
  const rows = new Map<string, string>();
  for (const line of previous.split('\n')) {
    const name = /^\| ([^ |]+) \|/.exec(line)?.[1];
    if (name !== undefined && !head.includes(line)) rows.set(name, line);
  }
  for (const outcome of outcomes) rows.set(outcome.name, rowOf(outcome, date, rows.get(outcome.name)));
  return [
    "# Other people's clients",
    '',
    'This page is written by `scripts/test --clients [NAME…]`. It installs each client from its registry, in the version that its lock file in `scripts/clients/NAME` pins,',
    'into a cache outside the repository, starts a cluster with the packaged executable (on the local Docker daemon, or with simulated containers), and runs a small program with each client.',
    'A client whose tools this machine lacks is not run and keeps its last result.',
    '',
    ...head,
    ...[...rows.keys()].toSorted().map((name) => rows.get(name) ?? ''),
    '',
  ].join('\n');
}
