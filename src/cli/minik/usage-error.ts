import { UserError } from '../cluster-port.ts';

/** The command line is wrong: verb, flag, value or argument. The exit code is 64, as in sysexits.h. */
export class UsageError extends UserError {}
