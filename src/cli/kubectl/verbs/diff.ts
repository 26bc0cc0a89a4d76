/** `kubectl diff`. Source: kubectl pkg/cmd/diff/diff.go. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../../api/json.ts';
import { isConflict, isNotFound } from '../../../api/status-error.ts';
import { toYaml } from '../../print/yaml.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import { ArgumentError } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { type Info, visitInfos } from '../resources/infos.ts';
import { manifestFilter } from '../resources/label-filter.ts';
import { filenameFlags, managerFlag, requireFilename, selectorFlag } from '../writing/write-flags.ts';
import { patchTypes, Writer } from '../writing/writing.ts';
import { ApplyPatcher } from './apply/apply-patch.ts';
import { prune, prunedResources } from './apply/apply-prune.ts';

const maxTries = 4;

function dataOf(object: ApiObject | undefined): JsonObject {
  const data = object?.data;
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as JsonObject) : {};
}

/** Both versions of a Secret with masked values. Values that differ have different masks. */
function masked(from: ApiObject | undefined, to: ApiObject): readonly [ApiObject | undefined, ApiObject] {
  const [before, after] = [dataOf(from), dataOf(to)];
  const hide = (own: typeof before, other: typeof before, changed: string): JsonObject =>
    Object.fromEntries(Object.entries(own).map(([key, value]) => [key, key in other && other[key] !== value ? changed : '***']));
  const replaced = (object: ApiObject, data: JsonObject): ApiObject => (object.data === undefined ? object : { ...object, data });
  return [
    from === undefined ? undefined : replaced(from, hide(before, after, '*** (before)')),
    replaced(to, hide(after, before, '*** (after)')),
  ];
}

function withoutManagedFields(object: ApiObject): ApiObject {
  const { managedFields: _dropped, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

const fileName = ({ resource, namespace, name }: Info): string =>
  `${resource.group === '' ? '' : `${resource.group}.`}${resource.version}.${resource.kind}.${namespace}.${name}`;

/** The two folders that are compared. */
class Sides {
  readonly live = mkdtempSync(join(tmpdir(), 'LIVE-'));
  readonly merged = mkdtempSync(join(tmpdir(), 'MERGED-'));
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  write(info: Info, from: ApiObject | undefined, to: ApiObject | undefined): void {
    const { flags } = this.#session;
    const isSecret = to?.apiVersion === 'v1' && to.kind === 'Secret' && !flags.bool('show-secrets');
    const [before, after] = isSecret ? masked(from, to) : [from, to];
    const shown = (object: ApiObject | undefined): string =>
      object === undefined ? '' : toYaml(flags.bool('show-managed-fields') ? object : withoutManagedFields(object));
    writeFileSync(join(this.live, fileName(info)), shown(before), { mode: 0o600 });
    if (to !== undefined) writeFileSync(join(this.merged, fileName(info)), shown(after), { mode: 0o600 });
  }

  /**
   * Runs the program of KUBECTL_EXTERNAL_DIFF, or `diff`; resolves with its exit code. Throws CommandError when it
   * failed.
   */
  compare(): number {
    const { env } = this.#session.terminal;
    const [program = 'diff', ...words] = (env.KUBECTL_EXTERNAL_DIFF ?? '').split(' ').filter((word) => word !== '');
    const external = words.filter((word) => /^[a-zA-Z0-9-=]+$/.test(word));
    const options = program === 'diff' && (env.KUBECTL_EXTERNAL_DIFF ?? '') === '' ? ['-u', '-N'] : external;
    const result = spawnSync(program, [...options, this.live, this.merged], { stdio: ['inherit', 'pipe', 'pipe'], encoding: 'utf8' });
    if (result.error !== undefined) throw new CommandError(`failed to run ${JSON.stringify(program)}: ${result.error.message}`);
    this.#session.out(result.stdout);
    this.#session.err(result.stderr);
    if ((result.status ?? 2) > 1) throw new CommandError(`failed to run ${JSON.stringify(program)}: exit status ${result.status ?? 2}`);
    return result.status ?? 0;
  }

  remove(): void {
    for (const folder of [this.live, this.merged]) rmSync(folder, { recursive: true, force: true });
  }
}

class Diff {
  readonly #session: Session;
  readonly #writer: Writer;
  readonly #patcher = new ApplyPatcher();
  readonly #sides: Sides;
  readonly uids = new Set<string>();
  readonly namespaces = new Set<string>();

  constructor(session: Session, sides: Sides) {
    this.#session = session;
    this.#writer = new Writer(session, session.flags.bool('server-side') ? 'kubectl' : 'kubectl-client-side-apply', 'server');
    this.#sides = sides;
  }

  async one(info: Info): Promise<void> {
    for (let tried = 1; ; tried++) {
      const live = await this.#live(info);
      if (live?.metadata?.uid !== undefined) this.uids.add(live.metadata.uid);
      if (info.namespace !== '') this.namespaces.add(info.namespace);
      try {
        this.#sides.write(info, live, await this.#merged(info, live));
        if (live?.metadata?.deletionTimestamp !== undefined)
          this.#session.err(`Warning: Detected changes to resource ${info.name} which is currently being deleted.\n`);
        return;
      } catch (error) {
        if (!isConflict(error) || tried === maxTries) throw error;
      }
    }
  }

  async #live(info: Info): Promise<ApiObject | undefined> {
    try {
      return await this.#writer.get(info);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #merged(info: Info, live: ApiObject | undefined): Promise<ApiObject> {
    const { flags } = this.#session;
    if (flags.bool('server-side')) {
      const query = { force: flags.bool('force-conflicts') ? 'true' : 'false' };
      return this.#writer.patch(info, { type: patchTypes.apply, patch: info.object }, query);
    }
    if (live === undefined) return this.#writer.create(info);
    const call = this.#patcher.create(info, live, true);
    return Object.keys(call.patch).length === 0 ? Promise.resolve(live) : this.#writer.patch(info, call);
  }
}

export const diff: KubectlCommand = {
  name: 'diff',
  summary: 'Diff the live version against a would-be applied version',
  usage: '-f FILENAME [options]',
  failureCode: 2,
  flags: [
    ...filenameFlags,
    selectorFlag,
    managerFlag('kubectl-client-side-apply'),
    { name: 'server-side', type: 'bool', help: 'If true, apply runs in the server instead of the client.' },
    { name: 'force-conflicts', type: 'bool', help: 'If true, server-side apply will force the changes against conflicts.' },
    { name: 'show-managed-fields', type: 'bool', help: 'If true, include managed fields in the diff.' },
    { name: 'show-secrets', type: 'bool', help: 'If true, secret values are shown rather than masked.' },
    {
      name: 'concurrency',
      type: 'int',
      fallback: '1',
      help: 'Number of objects to process in parallel when diffing against the live version.',
    },
    { name: 'prune', type: 'bool', help: 'Include resources that would be deleted by pruning. Can be used with -l and default shows all.' },
    { name: 'prune-allowlist', type: 'array', help: 'Overwrite the default allowlist with <group/version/kind> for --prune' },
    { name: 'all', type: 'bool', hidden: true, help: 'Select all resources in the namespace of the specified resource types.' },
  ],
  run: async (session, flags) => {
    if (flags.args.length > 0) throw new ArgumentError(`Unexpected args: [${flags.args.join(' ')}]`);
    requireFilename(flags);
    if (flags.bool('force-conflicts') && !flags.bool('server-side'))
      throw new CommandError('--force-conflicts only works with --server-side');
    const sides = new Sides(session);
    try {
      const run = new Diff(session, sides);
      const filter = manifestFilter(session);
      await visitInfos(session, [], filter === undefined ? {} : { filterManifests: filter }, (info) => run.one(info));
      if (flags.bool('prune')) {
        const resources = await prunedResources(session);
        const options = {
          resources,
          namespaces: run.namespaces,
          uids: run.uids,
          cascade: 'Background',
          gracePeriod: -1,
          dryRun: 'client',
        } as const;
        for await (const info of prune(session, options)) sides.write(info, info.object, undefined);
      }
      return sides.compare();
    } finally {
      sides.remove();
    }
  },
};
