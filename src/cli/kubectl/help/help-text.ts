/** What `--help` says about a command beside its flags. */
export interface HelpText {
  /** What it does, in sentences. */
  readonly long: string;
  /** What a line does, and the line. */
  readonly examples?: readonly (readonly [what: string, line: string])[];
}
