/** What `minik __complete WORD…` prints: the completions of the last word. */
import { shells } from '../completion-scripts.ts';
import type { FlagSpec, VerbSpec } from './verb-spec.ts';
import { followingWords, verbNamed, verbs } from './verbs.ts';

const valuesOf = ({ choices = [] }: FlagSpec, profiles: () => readonly string[]): readonly string[] =>
  choices === 'profiles' ? profiles() : choices;

export interface CompletionNames {
  profiles(): readonly string[];
  /** The nodes of a profile; undefined: of the usual one. */
  nodes(profile: string | undefined): readonly string[];
}

const profileIn = (words: readonly string[]): string | undefined =>
  words.find((_, at) => words[at - 1] === '-p' || words[at - 1] === '--profile');

/** The completions of the last of the words after `minik`. */
export function completions(words: readonly string[], names: CompletionNames): readonly string[] {
  const current = words.at(-1) ?? '';
  const matching = (candidates: readonly string[]): readonly string[] => candidates.filter((each) => each.startsWith(current));
  if (words.length <= 1) return matching(verbs.map(({ name }) => name));
  const verb = verbNamed(words[0] ?? '');
  if (verb?.name === 'help') {
    const about = words.length === 2 ? verbs.map(({ name }) => name) : words.length === 3 ? followersOf(verbNamed(words[1] ?? '')) : [];
    return matching(about);
  }
  if (verb?.verbs !== undefined && words.length === 2) return matching(followersOf(verb));
  const spec = verb?.verbs === undefined ? verb : verbNamed(verb.name, words[1]);
  if (spec?.name === 'completion') return words.length === 2 ? matching(shells) : [];
  const before = words.at(-2) ?? '';
  const asked = spec?.flags.find(({ name, short, value }) => value !== undefined && (before === `--${name}` || before === `-${short}`));
  if (asked !== undefined) return matching(valuesOf(asked, () => names.profiles()));
  if (!current.startsWith('-')) {
    const { choices = [] } = spec?.operand ?? {};
    return matching(choices === 'nodes' ? names.nodes(profileIn(words)) : choices);
  }
  return matching((spec?.flags ?? []).map(({ name }) => `--${name}`));
}

const followersOf = (verb: VerbSpec | undefined): readonly string[] => (verb === undefined ? [] : followingWords(verb));
