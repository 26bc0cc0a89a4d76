/** All verbs, in the order of `kubectl --help`. */

import { apply } from './apply.ts';
import { attach } from './attach.ts';
import type { KubectlCommand } from './command.ts';
import { create } from './create/create.ts';
import { deleteCommand } from './delete.ts';
import { describe } from './describe/describe.ts';
import { exec } from './exec.ts';
import { get } from './get.ts';
import { logs } from './logs.ts';
import { patchCommand } from './patch.ts';
import { portForward } from './port-forward.ts';
import { replace } from './replace.ts';

export const commands: readonly KubectlCommand[] = [
  get,
  describe,
  create,
  apply,
  replace,
  deleteCommand,
  patchCommand,
  logs,
  exec,
  attach,
  portForward,
];
