/** An output format that cannot be used: printed as `error: …`, without a stack trace. */
export class PrintError extends Error {
  /** Text for standard output, ahead of the error: what was written before the failure, and help for debugging. */
  readonly output: string;
  constructor(message: string, output = '') {
    super(message);
    this.name = 'PrintError';
    this.output = output;
  }
}
