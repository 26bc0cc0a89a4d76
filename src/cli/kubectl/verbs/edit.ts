/** `kubectl edit`. Source: kubectl pkg/cmd/util/editor/{editor,editoptions}.go. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../../api/json.ts';
import { createTwoWayJsonMergePatch } from '../../../api/patch/merge-patch.ts';
import { createTwoWayMergePatch } from '../../../api/patch/strategic-merge-patch.ts';
import { isConflict, isInvalid, StatusError } from '../../../api/status-error.ts';
import { toJson } from '../../print/json.ts';
import { toYaml } from '../../print/yaml.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { statusText } from '../command/status-text.ts';
import { outputFlags } from '../output/output.ts';
import { collectInfos, type Info } from '../resources/infos.ts';
import { parseManifests } from '../resources/manifests.ts';
import { editHeader, editText, withoutComments } from '../writing/editor.ts';
import { withUpdatedLastApplied } from '../writing/last-applied.ts';
import { StrategicKinds } from '../writing/strategic.ts';
import { filenameFlags, managerFlag, recordFlag, saveConfigFlag, validateFlag } from '../writing/write-flags.ts';
import { patchTypes, Writer } from '../writing/writing.ts';

function withoutManagedFields(object: ApiObject): ApiObject {
  const { managedFields: _dropped, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

class Editing {
  readonly #session: Session;
  readonly #writer: Writer;
  readonly #kinds = new StrategicKinds();
  readonly #json: boolean;
  readonly #subresource: string;

  constructor(session: Session) {
    this.#session = session;
    this.#writer = new Writer(session, 'kubectl-edit');
    this.#json = session.flags.string('output') === 'json';
    this.#subresource = session.flags.string('subresource');
  }

  /** Lets the user edit one object until it is saved, left unchanged or abandoned. Resolves with the exit code. */
  async edit(info: Info): Promise<number> {
    const folder = mkdtempSync(join(tmpdir(), 'kubectl-edit-'));
    const path = join(folder, `kubectl-edit.${this.#json ? 'json' : 'yaml'}`);
    const original = withoutManagedFields(info.object);
    let text = this.#json ? toJson(original) : toYaml(original);
    let reasons: readonly string[] = [];
    try {
      for (;;) {
        const offered = `${editHeader(reasons)}${text}`;
        const edited = editText(this.#session, path, offered);
        const body = withoutComments(edited);
        if (body.trim() === '') return this.#give('Edit cancelled, saved file was empty.');
        if (body === withoutComments(offered)) {
          if (reasons.length === 0) return this.#give('Edit cancelled, no changes made.');
          this.#session.err(`error: ${info.resource.plural} "${info.name}" could not be patched: ${reasons[0] ?? ''}\n`);
          const copy = join(mkdtempSync(join(tmpdir(), 'kubectl-edit-')), `${info.name}.${this.#json ? 'json' : 'yaml'}`);
          writeFileSync(copy, edited, { mode: 0o600 });
          this.#session.err(
            `A copy of your changes has been stored to ${JSON.stringify(copy)}\nerror: Edit cancelled, no valid changes were saved.\n`,
          );
          return 1;
        }
        const failure = await this.#save(info, original, body);
        if (failure === undefined) return 0;
        reasons = failure;
        text = body;
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #give(text: string): number {
    this.#session.err(`${text}\n`);
    return 0;
  }

  /** Sends the changes. Resolves with the reasons for which the object must be edited again, if any. */
  async #save(info: Info, original: ApiObject, text: string): Promise<readonly string[] | undefined> {
    try {
      const [edited, ...more] = [...parseManifests(text, 'edited-file')];
      if (edited === undefined || more.length > 0) throw new CommandError('The edited file holds no single object');
      if (edited.object.metadata?.name !== info.name) throw new CommandError('At least one of apiVersion, kind and name was changed');
      const wanted = this.#writer.recorded(withUpdatedLastApplied(this.#session.flags.bool('save-config'), edited.object), 'edit');
      const patch = this.#patch(info, original, wanted);
      const unchanged = Object.keys(patch.patch).length === 0;
      const subresource = this.#subresource === '' ? {} : { subresource: this.#subresource };
      const object = unchanged ? original : await this.#writer.patch(info, { ...patch, ...subresource });
      this.#writer.print(unchanged ? 'skipped' : 'edited', info, object);
      return undefined;
    } catch (error) {
      if (error instanceof StatusError && (isInvalid(error) || isConflict(error) || error.code === 400)) {
        return [
          `${info.resource.plural} "${info.name}" was not valid:`,
          ...statusText(error)
            .split('\n')
            .map((line) => `* ${line}`),
          '',
        ];
      }
      if (error instanceof CommandError) return [error.message];
      throw error;
    }
  }

  #patch({ resource }: Info, original: JsonObject, wanted: JsonObject) {
    const target = this.#kinds.target(resource);
    return target === undefined
      ? ({ type: patchTypes.merge, patch: createTwoWayJsonMergePatch(original, wanted) } as const)
      : ({ type: patchTypes.strategic, patch: createTwoWayMergePatch(original, wanted, target) } as const);
  }
}

export const edit: KubectlCommand = {
  name: 'edit',
  summary: 'Edit a resource on the server',
  usage: '(RESOURCE/NAME | -f FILENAME) [options]',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    managerFlag('kubectl-edit'),
    validateFlag,
    recordFlag,
    saveConfigFlag,
    { name: 'subresource', type: 'string', help: 'If specified, edit will operate on the subresource of the requested object.' },
    { name: 'windows-line-endings', type: 'bool', help: 'Defaults to the line ending native to your platform.' },
  ],
  run: async (session, flags) => {
    const infos = await collectInfos(session, flags.args, { latest: true, collections: true });
    if (infos.length === 0) throw new CommandError('edit cancelled, no objects found');
    const editing = new Editing(session);
    let code = 0;
    for (const info of infos) code = Math.max(code, await editing.edit(info));
    return code;
  },
};
