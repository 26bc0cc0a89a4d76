/**
 * `kubectl apply edit-last-applied`. Source: kubectl pkg/cmd/apply/apply_edit_last_applied.go,
 * pkg/cmd/util/editor/editoptions.go.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toJson } from '../../../print/json.ts';
import { toYaml } from '../../../print/yaml.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { outputFlags } from '../../output/output.ts';
import { collectInfos, type Info } from '../../resources/infos.ts';
import { parseManifests } from '../../resources/manifests.ts';
import { editHeader, editText, withoutComments } from '../../writing/editor.ts';
import { configurationOf, lastApplied, lastAppliedAnnotation } from '../../writing/last-applied.ts';
import { filenameFlags, managerFlag, validateFlag } from '../../writing/write-flags.ts';
import { patchTypes, Writer } from '../../writing/writing.ts';

/** Lets the user edit a text; undefined when the edit was abandoned. */
function edited(session: Session, text: string, extension: string): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-edit-'));
  const path = join(folder, `kubectl-edit.${extension}`);
  try {
    const body = withoutComments(editText(session, path, `${editHeader([])}${text}`));
    const why = body.trim() === '' ? 'saved file was empty' : body === text ? 'no changes made' : undefined;
    if (why === undefined) return body;
    session.err(`Edit cancelled, ${why}.\n`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function editOne(session: Session, writer: Writer, info: Info): Promise<void> {
  const text = lastApplied(info.object);
  if (text === undefined) throw new CommandError(`no last-applied-configuration annotation found on resource: ${info.name}`);
  const json = session.flags.string('output') === 'json';
  const body = edited(session, json ? toJson(JSON.parse(text)) : toYaml(JSON.parse(text)), json ? 'json' : 'yaml');
  if (body === undefined) return;
  const [found, ...more] = [...parseManifests(body, 'edited-file')];
  if (found === undefined || more.length > 0) throw new CommandError('The edited file holds no single object');
  const patch = { metadata: { annotations: { [lastAppliedAnnotation]: configurationOf(found.object) } } };
  const object: ApiObject = await writer.patch(info, { type: patchTypes.merge, patch });
  writer.print('edited', info, object);
}

export const editLastApplied: KubectlCommand = {
  name: 'edit-last-applied',
  summary: 'Edit latest last-applied-configuration annotations of a resource/object',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    managerFlag('kubectl-client-side-apply'),
    validateFlag,
    { name: 'windows-line-endings', type: 'bool', help: 'Defaults to the line ending native to your platform.' },
  ],
  run: async (session, flags) => {
    const infos = await collectInfos(session, flags.args, { latest: true, collections: true });
    if (infos.length === 0) throw new CommandError('edit cancelled, no objects found');
    const writer = new Writer(session, 'kubectl-client-side-apply', 'none');
    for (const info of infos) await editOne(session, writer, info);
    return 0;
  },
};
