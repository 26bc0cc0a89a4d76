/** `kubectl replace`. Source: kubectl pkg/cmd/replace/replace.go. */

import { isNotFound } from '../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import { outputName } from '../output/output.ts';
import { collectInfos, throwAll, visitInfos, withSource } from '../resources/infos.ts';
import { rawUpload } from '../streams/raw.ts';
import { deleteInfo, waitUntilGone } from '../writing/deletion.ts';
import { withUpdatedLastApplied } from '../writing/last-applied.ts';
import {
  cascadeOf,
  deletionFlags,
  filenameFlags,
  recordFlag,
  requireFilename,
  saveConfigFlag,
  validateFlag,
  writeFlags,
} from '../writing/write-flags.ts';
import { Writer } from '../writing/writing.ts';

const defaultTimeoutMs = 300_000;

function checkFlags(flags: Flags): void {
  requireFilename(flags);
  const force = flags.bool('force');
  if (flags.int('grace-period') >= 0 && !force) throw new CommandError('--grace-period must have --force specified');
  if (flags.durationMs('timeout') !== 0 && !force) throw new CommandError('--timeout must have --force specified');
  if (force && flags.given('dry-run') && flags.string('dry-run') !== 'none')
    throw new CommandError('--dry-run can not be used when --force is set');
}

/** `--force`: deletes the object, waits until it is gone, and creates it again. */
async function forceReplace(session: Session, flags: Flags, writer: Writer): Promise<number> {
  const infos = await collectInfos(session, []);
  const asked = flags.int('grace-period');
  const output = outputName(flags);
  const options = {
    cascade: cascadeOf(flags, (text) => session.err(text)),
    gracePeriod: asked === 0 ? 1 : asked,
    dryRun: 'none',
    output: output === 'name' ? output : '',
  } as const;
  const errors: Error[] = [];
  for (const info of infos) {
    try {
      const uid = await deleteInfo(session, info, options);
      await waitUntilGone(session, info, uid, flags.durationMs('timeout') || defaultTimeoutMs);
    } catch (error) {
      if (isNotFound(error)) continue;
      if (!(error instanceof Error)) throw error;
      errors.push(error);
    }
  }
  throwAll(session, errors);
  for (const info of infos) {
    const object = writer.recorded(withUpdatedLastApplied(flags.bool('save-config'), info.object), 'replace');
    writer.print('replaced', info, await writer.create(info, object));
  }
  if (infos.length === 0) throw new CommandError('no objects passed to replace');
  return 0;
}

export const replace: KubectlCommand = {
  name: 'replace',
  summary: 'Replace a resource by file name or stdin',
  usage: '-f FILENAME [options]',
  flags: [
    ...filenameFlags,
    ...deletionFlags,
    ...writeFlags('kubectl-replace'),
    validateFlag,
    saveConfigFlag,
    recordFlag,
    { name: 'subresource', type: 'string', help: 'If specified, replace will operate on the subresource of the requested object.' },
    { name: 'raw', type: 'string', help: 'Raw URI to PUT to the server.' },
    { name: 'wait', type: 'bool', help: 'If true, wait for resources to be gone before returning.' },
  ],
  run: async (session, flags) => {
    checkFlags(flags);
    const writer = new Writer(session, 'kubectl-replace');
    if (flags.given('raw')) return rawUpload(session, 'PUT');
    if (flags.bool('force')) return forceReplace(session, flags, writer);
    await visitInfos(session, [], {}, async (info) => {
      const object = writer.recorded(withUpdatedLastApplied(flags.bool('save-config'), info.object), 'replace');
      try {
        const replaced = writer.dryRun === 'client' ? object : await writer.replace(info, object, flags.string('subresource'));
        writer.print('replaced', info, replaced);
      } catch (error) {
        throw withSource('replacing', info.source, error);
      }
    });
    return 0;
  },
};
