/** All verbs, in the order of `kubectl --help`. */

import { apiResources, apiVersions } from './api-resources.ts';
import { apply } from './apply.ts';
import { attach } from './attach.ts';
import { clusterInfo } from './cluster-info.ts';
import type { KubectlCommand } from './command.ts';
import { config } from './config.ts';
import { create } from './create/create.ts';
import { deleteCommand } from './delete.ts';
import { describe } from './describe/describe.ts';
import { exec } from './exec.ts';
import { explain } from './explain.ts';
import { expose } from './expose.ts';
import { get } from './get.ts';
import { annotate, label } from './label.ts';
import { logs } from './logs.ts';
import { patchCommand } from './patch.ts';
import { portForward } from './port-forward.ts';
import { replace } from './replace.ts';
import { rollout } from './rollout.ts';
import { run } from './run.ts';
import { scale } from './scale.ts';
import { version } from './version.ts';
import { wait } from './wait.ts';

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
  label,
  annotate,
  scale,
  expose,
  run,
  explain,
  clusterInfo,
  apiResources,
  apiVersions,
  config,
  version,
  rollout,
  wait,
];
