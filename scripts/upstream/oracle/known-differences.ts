/**
 * Known and justified differences, each with its reason: testdata/oracle/differences.yaml for the API,
 * testdata/side-by-side/differences.yaml for controllers. docs/differences.md is generated from both.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { oracleFolder } from './corpus.ts';
import type { Difference } from './diff.ts';

/** One reason and the differences that it explains. `*` in a pattern stands for any text. */
export interface KnownDifference {
  /** What differs, as a heading. */
  readonly what: string;
  /** Why the difference is justified. */
  readonly reason: string;
  /** Patterns of `case/request`. */
  readonly in: readonly string[];
  /** Patterns of places in an answer: `code`, `type`, `warnings[0]`, `body.spec.x`. */
  readonly at: readonly string[];
}

/** A difference and the request whose answer has it. */
export interface FoundDifference extends Difference {
  /** `case/request`. */
  readonly in: string;
}

const files = {
  api: join(oracleFolder, 'differences.yaml'),
  controllers: resolve(oracleFolder, '..', 'side-by-side', 'differences.yaml'),
};

export function loadKnownDifferences(of: keyof typeof files): readonly KnownDifference[] {
  // The project's own file.
  return (parse(readFileSync(files[of], 'utf8')) as readonly KnownDifference[] | null) ?? [];
}

const patternOf = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split('*')
      .map((text) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    's',
  );

interface Pattern {
  readonly glob: string;
  readonly pattern: RegExp;
  used: boolean;
}

/** Separates the found differences into known and unknown, and remembers which patterns matched. */
export class DifferenceFilter {
  readonly #rules: readonly { readonly known: KnownDifference; readonly in: readonly Pattern[]; readonly at: readonly Pattern[] }[];

  constructor(known: readonly KnownDifference[]) {
    const patterns = (globs: readonly string[]): Pattern[] => globs.map((glob) => ({ glob, pattern: patternOf(glob), used: false }));
    this.#rules = known.map((rule) => ({ known: rule, in: patterns(rule.in), at: patterns(rule.at) }));
  }

  /** The differences that no rule explains. */
  unknown(found: readonly FoundDifference[]): FoundDifference[] {
    return found.filter((difference) => !this.#explains(difference));
  }

  #explains(difference: FoundDifference): boolean {
    let explained = false;
    for (const rule of this.#rules) {
      const requests = rule.in.filter(({ pattern }) => pattern.test(difference.in));
      const places = rule.at.filter(({ pattern }) => pattern.test(difference.at));
      if (requests.length === 0 || places.length === 0) continue;
      for (const pattern of [...requests, ...places]) pattern.used = true;
      explained = true;
    }
    return explained;
  }

  /** Patterns that matched nothing: their differences are gone, so their lines should be removed. */
  vanished(): string[] {
    return this.#rules.flatMap(({ known, ...rule }) =>
      [...rule.in, ...rule.at]
        .filter(({ used }) => !used)
        .map(({ glob }) => `"${known.what}" no longer shows: ${glob} (take it out of differences.yaml)`),
    );
  }
}

const section = ({ what, reason, in: requests, at }: KnownDifference): string =>
  [`## ${what}`, '', reason.trim(), '', `Shows in ${code(requests)} at ${code(at)}.`, ''].join('\n');

/** The page docs/differences.md, for users. */
export const differencesPage = (): string =>
  [
    '# How minik differs from kube-apiserver',
    '',
    'Every request of the corpus in `testdata/oracle/cases` is answered by minik as a real kube-apiserver 1.36 answers it, except for what this page',
    'lists. It is written by `scripts/oracle --page` from `testdata/oracle/differences.yaml`; the check fails when a difference is missing here, and',
    'when one that is listed has gone.',
    '',
    ...loadKnownDifferences('api').map(section),
    '# How it differs from kube-controller-manager and kube-scheduler',
    '',
    "The scenarios in `testdata/side-by-side/scenarios` lead to the same objects, conditions, names, orders and events with minik as with upstream's own",
    'controllers and scheduler 1.36 (`scripts/side-by-side`), except for what follows, from `testdata/side-by-side/differences.yaml`.',
    '',
    ...loadKnownDifferences('controllers').map(section),
  ].join('\n');

const code = (patterns: readonly string[]): string => patterns.map((pattern) => `\`${pattern}\``).join(', ');
