/**
 * The three-way patch of `kubectl apply`: strategic for built-in kinds, a JSON merge patch for all others. Source:
 * kubectl pkg/cmd/apply/patcher.go.
 */
import type { JsonObject } from '../../../../api/json.ts';
import { applyMergePatch, createThreeWayJsonMergePatch } from '../../../../api/patch/merge-patch.ts';
import { PatchError } from '../../../../api/patch/patch-error.ts';
import { applyStrategicMergePatch, createThreeWayMergePatch, requireUnchanged } from '../../../../api/patch/strategic-merge-patch.ts';
import { toCompactJson } from '../../../print/json.ts';
import { CommandError } from '../../command/command.ts';
import type { ApiObject } from '../../command/session.ts';
import type { Info } from '../../resources/infos.ts';
import { configurationOf, lastApplied, lastAppliedAnnotation } from '../../writing/last-applied.ts';
import { StrategicKinds } from '../../writing/strategic.ts';
import { patchTypes } from '../../writing/writing.ts';

export interface ApplyPatch {
  readonly type: typeof patchTypes.strategic | typeof patchTypes.merge;
  readonly patch: JsonObject;
}

const unchangedKeys = [['apiVersion'], ['kind'], ['metadata', 'name']] as const;

export class ApplyPatcher {
  readonly #kinds = new StrategicKinds();

  /**
   * The patch from the server's object to the manifest. It also removes fields that the last apply set and this
   * manifest does not. Throws CommandError.
   */
  create(info: Info, current: ApiObject, overwrite: boolean): ApplyPatch {
    const original: JsonObject = JSON.parse(lastApplied(current) ?? '{}');
    const annotations = { ...info.object.metadata?.annotations, [lastAppliedAnnotation]: configurationOf(info.object) };
    const modified: ApiObject = { ...info.object, metadata: { ...info.object.metadata, annotations } };
    try {
      return this.#patch(info, { original, modified, current, overwrite });
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new CommandError(
        `creating patch with:\noriginal:\n${toCompactJson(original)}\nmodified:\n${toCompactJson(modified)}\ncurrent:\n${toCompactJson(current)}\nfor: ${error.message}`,
      );
    }
  }

  #patch(
    { resource }: Info,
    documents: { readonly original: JsonObject; readonly modified: ApiObject; readonly current: ApiObject; readonly overwrite: boolean },
  ): ApplyPatch {
    const target = this.#kinds.target(resource);
    if (target !== undefined) return { type: patchTypes.strategic, patch: createThreeWayMergePatch(documents, target) };
    const patch = createThreeWayJsonMergePatch(documents.original, documents.modified, documents.current);
    if (!unchangedKeys.every((path) => requireUnchanged(...path)(patch))) {
      throw new CommandError('At least one of apiVersion, kind and name was changed');
    }
    return { type: patchTypes.merge, patch };
  }

  /** Applies the patch on the client, for `--dry-run=client`. */
  applyLocally({ resource }: Info, current: ApiObject, { type, patch }: ApplyPatch): ApiObject {
    const target = type === patchTypes.strategic ? this.#kinds.target(resource) : undefined;
    return target === undefined ? applyMergePatch(current, patch) : applyStrategicMergePatch(current, patch, target);
  }
}
