/** The texts that `--help` prints for a command besides its flags. */
export interface HelpText {
  /** The description, in sentences. */
  readonly long: string;
  /** Each example's description, and its command line. */
  readonly examples?: readonly (readonly [what: string, line: string])[];
}
