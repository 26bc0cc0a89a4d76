/** Runs test files with node:test, prints a line per file and every failure, and counts. */
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

export interface TestTotals {
  tests: number;
  suites: number;
  pass: number;
  fail: number;
  cancelled: number;
  skipped: number;
  todo: number;
}

export interface TestRun {
  readonly files: readonly string[];
  /** How many files run at a time. */
  readonly concurrency: number;
  /** Timeout of one test, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * How long after that a file may take, for the hooks that clean up; then it is ended. In milliseconds, default one
   * minute.
   */
  readonly cleanUpMs?: number;
  readonly execArgv: readonly string[];
}

/** Node's arguments that end a test file's process after a time. */
function endingAfter(limitMs: number): string[] {
  const url = pathToFileURL(join(import.meta.dirname, 'end-test-file.ts'));
  url.searchParams.set('limitMs', String(limitMs));
  return ['--import', url.href];
}

type Failure = { readonly name: string; readonly file: string | undefined; readonly details: { readonly error: Error } };

/** node:test wraps the error that a test threw in an error of its own. */
function describeFailure({ name, file, details }: Failure): string {
  const { cause = details.error } = details.error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause);
  return `✖ ${name}${file === undefined ? '' : ` (${file})`}\n${text.replaceAll(/^/gm, '    ')}`;
}

const followsFromChild = (error: Error) => 'failureType' in error && error.failureType === 'subtestsFailed';

/** Runs the files and prints the results. Tests are counted as by node's own reporters. */
export async function runTests(options: TestRun): Promise<TestTotals> {
  const totals: TestTotals = { tests: 0, suites: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0 };
  const empty: string[] = [];
  const stream = run({
    files: [...options.files],
    concurrency: options.concurrency,
    timeout: options.timeoutMs,
    execArgv: [...options.execArgv, ...endingAfter(options.timeoutMs + (options.cleanUpMs ?? 60_000))],
  });
  stream.on('test:fail', (event) => {
    if (!followsFromChild(event.details.error)) console.log(describeFailure({ ...event, file: event.file }));
  });
  stream.on('test:pass', ({ name, skip, file }) => {
    if (options.files.includes(resolve(name))) empty.push(name); // node reports a file without tests as a test with the file's name
    if (skip !== undefined) console.log(`﹣ ${name} (${file ?? ''}) # SKIP ${skip === true ? '' : skip}`);
  });
  stream.on('test:stderr', ({ message }) => process.stderr.write(message));
  stream.on('test:summary', ({ file, counts, duration_ms: durationMs, success }) => {
    if (file !== undefined) {
      console.log(`${success ? '✔' : '✖'} ${relative(process.cwd(), file)}: ${counts.tests} tests (${Math.round(durationMs)} ms)`);
      return;
    }
    totals.tests = counts.tests;
    totals.suites = counts.suites;
    totals.pass = counts.passed;
    totals.cancelled = counts.cancelled;
    totals.skipped = counts.skipped;
    totals.todo = counts.todo;
    totals.fail = counts.tests - counts.passed - counts.cancelled - counts.skipped - counts.todo;
    if (!success && totals.fail === 0 && counts.cancelled === 0) totals.fail = 1; // the file itself failed, rather than a test in it
  });
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.once('end', resolve);
    stream.resume();
  });
  for (const file of empty) console.log(`✖ ${file} ran no test`);
  totals.fail += empty.length;
  return totals;
}
