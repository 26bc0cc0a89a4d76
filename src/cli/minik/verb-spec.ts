/** How a verb of `minik` is described: for parsing, help and completion. */

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  /** Name of the flag's value; absent: the flag is on or off. */
  readonly value?: string;
  /** The allowed values; `profiles`: the names of the clusters. */
  readonly choices?: readonly string[] | 'profiles';
  readonly text: string;
  /** Whether it may be given several values, and several times. */
  readonly repeatable?: true;
  /** The value when the flag is not given. */
  readonly fallback?: string;
}

export interface VerbSpec {
  readonly name: string;
  readonly summary: string;
  /** The lines of the description. */
  readonly description: readonly string[];
  /** After the name in the usage line; default: `[flags]`. */
  readonly args?: string;
  /** Its one argument, which must be given; absent: it takes none. */
  readonly operand?: {
    readonly name: string;
    /** What it may be; `nodes`: the names of the nodes. */
    readonly choices?: 'nodes' | readonly string[];
    readonly text: string;
    /** The flag with which it need not be given. */
    readonly unless?: string;
  };
  /** Whether a command follows after `--`. */
  readonly command?: true;
  /** The verbs that follow it, whose names begin with its own. */
  readonly verbs?: readonly VerbSpec[];
  /** The one of these that is meant when none is named; absent: one must be. */
  readonly usual?: string;
  readonly flags: readonly FlagSpec[];
  /** What the example does, and its command. */
  readonly examples: readonly (readonly [string, string])[];
}

const profile: FlagSpec = {
  ...{ name: 'profile', short: 'p', value: 'NAME', choices: 'profiles', text: 'Name of the cluster' },
  fallback: 'MINIK_PROFILE, or minik',
};
const output: FlagSpec = { name: 'output', short: 'o', value: 'FORMAT', choices: ['text', 'json'], text: 'How to print', fallback: 'text' };
/** The flags of verbs that are about a cluster. */
export const common = [profile, output] as const;
