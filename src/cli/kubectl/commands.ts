/** All verbs, in the order of `kubectl --help`. */
import type { KubectlCommand } from './command.ts';
import { describe } from './describe/describe.ts';
import { get } from './get.ts';

export const commands: readonly KubectlCommand[] = [get, describe];
