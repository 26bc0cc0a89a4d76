/** `kubectl apply --server-side`. Source: kubectl pkg/cmd/apply/apply.go (applyOneObject). */
import { errorText } from '../../../../api/error-text.ts';
import type { ManagedFieldsEntry } from '../../../../api/generated/meta/v1.ts';
import type { JsonObject, JsonValue } from '../../../../api/json.ts';
import { isConflict, StatusError } from '../../../../api/status-error.ts';
import { CommandError } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import type { Info } from '../../resources/infos.ts';
import { lastApplied, lastAppliedAnnotation } from '../../writing/last-applied.ts';
import { type PatchCall, patchTypes, type Writer } from '../../writing/writing.ts';
import { ownersOfLastApplied, takenOver } from './own-by-apply.ts';

const conflictAdvice = `
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;

/** How often the change of owners is tried. Source: pkg/cmd/apply/patcher.go (maxPatchRetry). */
const maxTries = 5;

const retried = 'This is non-fatal and will be retried next time you apply.';

export class ServerSideApply {
  readonly #session: Session;
  readonly #writer: Writer;
  readonly #manager: string;

  constructor(session: Session, writer: Writer, manager: string) {
    this.#session = session;
    this.#writer = writer;
    this.#manager = manager;
  }

  /** Returns the object as it is afterwards. Rejects with CommandError or StatusError. */
  async one(info: Info): Promise<ApiObject> {
    const { flags } = this.#session;
    const query = { force: String(flags.bool('force-conflicts')) };
    const subresource = flags.string('subresource');
    const call: PatchCall = { type: patchTypes.apply, patch: info.object, ...(subresource === '' ? {} : { subresource }) };
    let object: ApiObject;
    try {
      object = await this.#writer.patch(info, call, query);
    } catch (error) {
      throw explained(error);
    }
    return this.#migrated(info, object, () => this.#writer.patch(info, call, query));
  }

  /** Hands over what client-side apply owned; failures are told and do no harm. */
  async #migrated(info: Info, applied: ApiObject, again: () => Promise<ApiObject>): Promise<ApiObject> {
    let object = applied;
    try {
      object = await this.#annotationKept(info, applied);
    } catch (error) {
      this.#warn(`failed to migrate ${lastAppliedAnnotation} for Server-Side Apply. ${retried}`, error);
      return object;
    }
    let migrated: ApiObject | undefined;
    try {
      migrated = await this.#ownersMoved(info, object);
    } catch (error) {
      this.#warn(`server rejected managed fields migration to Server-Side Apply. ${retried}`, error);
      return object;
    }
    if (migrated === undefined) return object;
    try {
      // Fields that were dropped go only now that they belong to the applier.
      return await again();
    } catch (error) {
      this.#warn(`failed to re-apply configuration after performing Server-Side Apply migration. ${retried}`, error);
      return migrated;
    }
  }

  #warn(text: string, error: unknown): void {
    this.#session.err(`Warning: ${text} Error: ${errorText(error)}\n`);
  }

  /** Gives the annotation of client-side apply an owner, so that it stays when its former one goes. */
  async #annotationKept(info: Info, object: ApiObject): Promise<ApiObject> {
    const last = lastApplied(object);
    if (this.#manager !== 'kubectl' || last === undefined) return object;
    if (ownersOfLastApplied(entriesOf(object), 'Apply').length > 0) return object;
    const { apiVersion, kind, metadata } = object;
    const { name, namespace } = metadata ?? {};
    const patch: JsonObject = {
      ...{ apiVersion, kind },
      metadata: { name, ...(namespace === undefined ? {} : { namespace }), annotations: { [lastAppliedAnnotation]: last } },
    };
    return this.#writer.patch(info, { type: patchTypes.apply, patch }, { fieldManager: 'kubectl-last-applied' });
  }

  /** Undefined when there is nothing to move. */
  async #ownersMoved(info: Info, applied: ApiObject): Promise<ApiObject | undefined> {
    const updaters = new Set(ownersOfLastApplied(entriesOf(applied), 'Update').map(({ manager = '' }) => manager));
    if (updaters.size === 0) return undefined;
    let object = applied;
    for (let tried = 1; ; tried++) {
      const entries = entriesOf(object);
      const moved = takenOver(entries, updaters, this.#manager);
      if (moved === entries) return undefined;
      const patch = [
        // Entries are JSON.
        { op: 'replace', path: '/metadata/managedFields', value: moved as unknown as JsonValue },
        { op: 'replace', path: '/metadata/resourceVersion', value: object.metadata?.resourceVersion ?? '' },
      ];
      try {
        return await this.#writer.patch(info, { type: patchTypes.json, patch });
      } catch (error) {
        if (!isConflict(error) || tried === maxTries) throw error;
      }
      object = await this.#writer.get(info);
    }
  }
}

// The server writes entries.
const entriesOf = ({ metadata }: ApiObject): readonly ManagedFieldsEntry[] =>
  (metadata?.managedFields ?? []) as unknown as readonly ManagedFieldsEntry[];

function explained(error: unknown): unknown {
  if (!(error instanceof StatusError)) return error;
  if (error.code === 415) return new CommandError(`Server-side apply not available on the server: (${error.message})`);
  return isConflict(error) ? new CommandError(`${error.message}${conflictAdvice}`) : error;
}
