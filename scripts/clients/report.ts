/**
 * What a client's program reports: a line `ok NAME` or `not ok NAME: why` for each check, and lines `note TEXT` for
 * what is to be read beside the results.
 */

export interface CheckResult {
  readonly check: string;
  /** Undefined when it passed. */
  readonly problem: string | undefined;
}

export interface ProgramEnd {
  readonly output: string;
  /** Undefined when it was ended because it hung. */
  readonly code: number | undefined;
}

/**
 * A result for each expected check, and for whatever else went wrong: a program that says nothing of a check has failed
 * it.
 */
export function resultsOf(expected: readonly string[], { output, code }: ProgramEnd): readonly CheckResult[] {
  const reported = new Map<string, string | undefined>();
  for (const line of output.split('\n')) {
    const [, not, check = '', why] = /^(not )?ok ([a-z-]+)(?:: (.*))?$/.exec(line.trimEnd()) ?? [];
    if (check !== '') reported.set(check, not === undefined ? undefined : (why ?? 'no reason given'));
  }
  const silent = code === undefined ? 'did not end' : `not reported; the program ended with ${code}`;
  const results = expected.map((check) => ({ check, problem: reported.has(check) ? reported.get(check) : silent }));
  const unknown = [...reported.keys()].filter((check) => !expected.includes(check));
  const more = unknown.map((check) => ({ check, problem: 'reported, but not expected' }));
  const failed = results.some(({ problem }) => problem !== undefined);
  const end = code !== 0 && !failed ? [{ check: 'end', problem: code === undefined ? 'did not end' : `ended with ${code}` }] : [];
  return [...results, ...more, ...end];
}

/** What a program notes beside its results. */
export const notesOf = (output: string): readonly string[] => [...output.matchAll(/^note (.*)$/gm)].map(([, text = '']) => text);
