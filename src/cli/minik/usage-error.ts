import { UserError } from '../cluster-port.ts';

/** The command line is wrong: verb, flag, value or argument. Ends with an exit code of its own, 64, as sysexits.h has it. */
export class UsageError extends UserError {}
