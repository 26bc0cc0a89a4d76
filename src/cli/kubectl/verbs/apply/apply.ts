/** `kubectl apply`. Source: kubectl pkg/cmd/apply/{apply,patcher}.go. */
import { isConflict, isInvalid, isNotFound, StatusError } from '../../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import { ArgumentError, type Flags } from '../../command/flags.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { outputName } from '../../output/output.ts';
import type { ApiResource } from '../../resources/discovery.ts';
import { describeInfo, type Info, infosOf, throwAll, withSource } from '../../resources/infos.ts';
import { manifestFilter } from '../../resources/label-filter.ts';
import { deleteInfo, gracePeriodOf, waitUntilGone } from '../../writing/deletion.ts';
import { lastApplied, lastAppliedAnnotation, withLastApplied, withoutNulls } from '../../writing/last-applied.ts';
import {
  cascadeOf,
  deletionFlags,
  filenameFlags,
  recordFlag,
  requireFilename,
  selectorFlag,
  validateFlag,
  writeFlags,
} from '../../writing/write-flags.ts';
import { patchTypes, Writer } from '../../writing/writing.ts';
import { editLastApplied } from './apply-edit-last-applied.ts';
import { setLastApplied, viewLastApplied } from './apply-last-applied.ts';
import { type ApplyPatch, ApplyPatcher } from './apply-patch.ts';
import { checkPruneFlags, prune, prunedResources } from './apply-prune.ts';
import { ServerSideApply } from './apply-server-side.ts';

interface Applied {
  readonly info: Info;
  readonly object: ApiObject;
}

const maxPatchTries = 5;
const retryPauseMs = 1000;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(new CommandError(''));
    });
  });

class Apply {
  readonly #session: Session;
  readonly #flags: Flags;
  readonly #writer: Writer;
  readonly #patcher = new ApplyPatcher();
  readonly applied: Applied[] = [];

  constructor(session: Session) {
    this.#session = session;
    this.#flags = session.flags;
    this.#writer = new Writer(session, this.#flags.bool('server-side') ? 'kubectl' : 'kubectl-client-side-apply');
  }

  /** Whether all objects are printed at the end, instead of one line for each as it is applied. */
  get #printsObjects(): boolean {
    return !['', 'name'].includes(outputName(this.#flags));
  }

  async one(info: Info): Promise<void> {
    const generateName = info.object.metadata?.generateName ?? '';
    if (info.name === '' && generateName !== '') throw new CommandError(`from ${generateName}: cannot use generate name with apply`);
    if (info.name === '')
      throw withSource(
        `retrieving current configuration of:\n${describeInfo(info)}\nfrom server for:`,
        info.source,
        new CommandError('resource name may not be empty'),
      );
    const wanted: Info = { ...info, object: this.#writer.recorded(info.object, 'apply') };
    if (this.#flags.bool('server-side')) return this.#serverSide(wanted);
    const current = await this.#current(wanted);
    return current === undefined ? this.#create(wanted) : this.#update(wanted, current);
  }

  /** Prints the applied objects in the format of `-o`. */
  finish(): void {
    const [first, ...more] = this.applied;
    if (!this.#printsObjects || first === undefined) return;
    const list: ApiObject = { apiVersion: 'v1', items: this.applied.map((a) => a.object), kind: 'List', metadata: {} };
    this.#writer.print('', first.info, more.length === 0 ? first.object : list);
  }

  /** Deletes the objects that earlier runs applied and this one did not. */
  async prune(resources: readonly ApiResource[]): Promise<void> {
    const options = {
      resources,
      namespaces: new Set(this.applied.map(({ info }) => info.namespace).filter((namespace) => namespace !== '')),
      uids: new Set(this.applied.map(({ object }) => object.metadata?.uid ?? '')),
      cascade: cascadeOf(this.#flags, (text) => this.#session.err(text)),
      gracePeriod: this.#flags.int('grace-period'),
      dryRun: this.#writer.dryRun,
    };
    for await (const info of prune(this.#session, options)) this.#writer.print('pruned', info, info.object);
  }

  async #current(info: Info): Promise<ApiObject | undefined> {
    try {
      return await this.#writer.get(info);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw withSource(`retrieving current configuration of:\n${describeInfo(info)}\nfrom server for:`, info.source, error);
    }
  }

  #done(operation: string, info: Info, object: ApiObject): void {
    this.applied.push({ info, object });
    if (!this.#printsObjects) this.#writer.print(operation, info, object);
  }

  async #create(info: Info): Promise<void> {
    const object = withoutNulls(withLastApplied(info.object));
    try {
      this.#done('created', info, this.#writer.dryRun === 'client' ? object : await this.#writer.create(info, object));
    } catch (error) {
      throw withSource('creating', info.source, error);
    }
  }

  async #update(info: Info, current: ApiObject): Promise<void> {
    if (lastApplied(current) === undefined) {
      this.#session.err(
        `Warning: resource ${info.resource.plural}/${info.name} is missing the ${lastAppliedAnnotation} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
      );
    }
    const { patch, object } = await this.#patched(info, current);
    this.#warnIfDeleting(object);
    // Like upstream, a client dry run always prints `configured`: it does not check whether the patch is empty.
    const unchanged = this.#writer.dryRun !== 'client' && Object.keys(patch.patch).length === 0;
    this.#done(unchanged ? 'unchanged' : 'configured', info, object);
  }

  #warnIfDeleting(object: ApiObject): void {
    if (object.metadata?.deletionTimestamp === undefined) return;
    this.#session.err(`Warning: Detected changes to resource ${object.metadata.name ?? ''} which is currently being deleted.\n`);
  }

  async #patched(info: Info, current: ApiObject): Promise<{ readonly patch: ApplyPatch; readonly object: ApiObject }> {
    let patch: ApplyPatch = { type: patchTypes.merge, patch: {} };
    try {
      let from = current;
      for (let tried = 1; ; tried++) {
        patch = this.#patcher.create(info, from, this.#flags.bool('overwrite'));
        if (Object.keys(patch.patch).length === 0) return { patch, object: from };
        if (this.#writer.dryRun === 'client') return { patch, object: this.#patcher.applyLocally(info, from, patch) };
        try {
          return { patch, object: await this.#writer.patch(info, patch) };
        } catch (error) {
          if (!isConflict(error) || tried > maxPatchTries) throw error;
        }
        if (tried > 1) await pause(retryPauseMs, this.#session.signal);
        from = await this.#writer.get(info);
      }
    } catch (error) {
      if ((isConflict(error) || isInvalid(error)) && this.#flags.bool('force'))
        return { patch, object: await this.#recreate(info, current) };
      const text = `applying patch:\n${JSON.stringify(patch.patch)}\nto:\n${describeInfo(info)}\nfor:`;
      throw withSource(text, info.source, error instanceof StatusError ? withSource('patching', info.source, error) : error);
    }
  }

  /**
   * `--force`: deletes and recreates an object that cannot be patched. If the server refuses the new object, the old
   * one is restored.
   */
  async #recreate(info: Info, current: ApiObject): Promise<ApiObject> {
    const cascade = cascadeOf(this.#flags, (text) => this.#session.err(text));
    const uid = await deleteInfo(this.#session, info, {
      cascade,
      gracePeriod: gracePeriodOf(this.#flags),
      dryRun: 'none',
      output: '',
      quiet: true,
    });
    await waitUntilGone(this.#session, info, uid, this.#flags.durationMs('timeout') || 300_000);
    try {
      return await this.#writer.create(info, withLastApplied(info.object));
    } catch (error) {
      const { resourceVersion: _version, uid: _uid, ...metadata } = current.metadata ?? {};
      await this.#writer.create(info, { ...current, metadata });
      throw error;
    }
  }

  async #serverSide(info: Info): Promise<void> {
    const manager = this.#flags.given('field-manager') ? this.#flags.string('field-manager') : 'kubectl';
    const object = await new ServerSideApply(this.#session, this.#writer, manager).one(info);
    this.#warnIfDeleting(object);
    this.#done('serverside-applied', info, object);
  }
}

function checkFlags(flags: Flags): void {
  if (flags.args.length > 0) throw new ArgumentError(`Unexpected args: [${flags.args.join(' ')}]`);
  requireFilename(flags);
  const serverSide = flags.bool('server-side');
  if (flags.bool('force-conflicts') && !serverSide) throw new CommandError('--force-conflicts only works with --server-side');
  if (serverSide && flags.string('dry-run') === 'client') {
    throw new CommandError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
  }
  if (serverSide && flags.bool('force')) throw new CommandError('--force cannot be used with --server-side');
  if (flags.string('dry-run') === 'server' && flags.bool('force')) throw new CommandError('--dry-run=server cannot be used with --force');
  if (flags.bool('all') && flags.given('selector')) throw new CommandError('cannot set --all and --selector at the same time');
  if (flags.given('subresource') && !serverSide) throw new CommandError('--subresource can only be specified for --server-side');
  checkPruneFlags(flags);
}

async function runApply(session: Session, flags: Flags): Promise<number> {
  checkFlags(flags);
  const pruned = flags.bool('prune') ? await prunedResources(session) : undefined;
  const run = new Apply(session);
  const filter = manifestFilter(session);
  // Upstream reads every file before it applies the first object.
  const infos: Info[] = [];
  const errors: Error[] = [];
  for await (const info of infosOf(session, [], filter === undefined ? {} : { filterManifests: filter })) {
    if (info instanceof Error) errors.push(info);
    else infos.push(info);
  }
  if (infos.length === 0 && errors.length === 0) throw new CommandError('no objects passed to apply');
  for (const info of infos) {
    try {
      await run.one(info);
    } catch (error) {
      if (!(error instanceof Error) || session.signal.aborted) throw error;
      errors.push(error);
    }
  }
  throwAll(session, errors);
  run.finish();
  if (pruned !== undefined) await run.prune(pruned);
  return 0;
}

export const apply: KubectlCommand = {
  name: 'apply',
  summary: 'Apply a configuration to a resource by file name or stdin',
  usage: '(-f FILENAME | -k DIRECTORY) [options]',
  flags: [
    ...filenameFlags,
    ...deletionFlags,
    ...writeFlags('kubectl-client-side-apply'),
    validateFlag,
    recordFlag,
    selectorFlag,
    {
      name: 'overwrite',
      type: 'bool',
      fallback: 'true',
      help: 'Automatically resolve conflicts between the modified and live configuration.',
    },
    { name: 'server-side', type: 'bool', help: 'If true, apply runs in the server instead of the client.' },
    { name: 'force-conflicts', type: 'bool', help: 'If true, server-side apply will force the changes against conflicts.' },
    { name: 'subresource', type: 'string', help: 'If specified, apply will operate on the subresource of the requested object.' },
    {
      name: 'openapi-patch',
      type: 'bool',
      fallback: 'true',
      help: 'If true, use openapi to calculate diff when the resource can be found in the openapi spec.',
    },
    { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types.' },
    { name: 'prune', type: 'bool', help: 'Automatically delete resource objects that do not appear in the configs.' },
    { name: 'prune-allowlist', type: 'array', help: 'Overwrite the default allowlist with <group/version/kind> for --prune' },
    { name: 'wait', type: 'bool', help: 'If true, wait for resources to be gone before returning.' },
  ],
  subcommands: [viewLastApplied, setLastApplied, editLastApplied],
  run: runApply,
};
