/** `kubectl delete`. Source: kubectl pkg/cmd/delete/delete.go. */
import { createInterface } from 'node:readline/promises';
import { StatusError } from '../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import { resourceName } from '../resources/discovery.ts';
import { collectInfos, type Info, type InfoOptions, visitInfos, withSource } from '../resources/infos.ts';
import { manifestFilter } from '../resources/label-filter.ts';
import { rawCall } from '../streams/raw.ts';
import { type DeletionOptions, defaultDeletionTimeoutMs, deleteInfo, gracePeriodOf, waitUntilGone } from '../writing/deletion.ts';
import {
  allNamespacesFlag,
  cascadeOf,
  deletionFlags,
  dryRunOf,
  fieldSelectorFlag,
  filenameFlags,
  selectorFlag,
} from '../writing/write-flags.ts';

async function confirmed(session: Session, infos: readonly Info[]): Promise<boolean> {
  session.out(`You are about to delete the following ${infos.length} resource(s):\n`);
  for (const info of infos) session.out(`${resourceName(info.resource)}/${info.name}\n`);
  const prompt = createInterface({ input: session.terminal.stdin, output: session.terminal.stdout, terminal: false });
  try {
    const answer = await prompt.question('Do you want to continue? (y/N): ', { signal: session.signal });
    return answer.trim().toLowerCase() === 'y';
  } finally {
    prompt.close();
  }
}

function checkFlags(flags: Flags): void {
  const output = flags.string('output');
  if (output !== '' && output !== 'name') throw new CommandError(`unexpected -o output mode: ${output}. We only support '-o name'`);
  const selecting = flags.bool('all') || flags.given('selector') || flags.given('field-selector');
  if (flags.bool('all') && (flags.string('selector') !== '' || flags.string('field-selector') !== ''))
    throw new CommandError("setting 'all' parameter but found a non empty selector. ");
  if (selecting && flags.args.length === 0 && !flags.given('filename'))
    throw new CommandError('at least one resource must be specified to use a selector');
}

interface Deleted {
  readonly info: Info;
  readonly uid: string;
}

async function waitForAll(session: Session, deleted: readonly Deleted[], timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (const { info, uid } of deleted) {
    try {
      await waitUntilGone(session, info, uid, Math.max(0, deadline - Date.now()));
    } catch (error) {
      // A user who may not read or watch the object does not wait for its end.
      if (error instanceof StatusError && (error.reason === 'Forbidden' || error.reason === 'MethodNotAllowed')) return;
      throw error;
    }
  }
}

async function deleteAll(session: Session, flags: Flags, options: DeletionOptions, infoOptions: InfoOptions): Promise<number> {
  if (flags.bool('interactive')) {
    const preview = await collectInfos(session, flags.args, { ...infoOptions, requireObject: true });
    if (preview.length === 0) {
      session.out('No resources found\n');
      return 0;
    }
    if (!(await confirmed(session, preview))) {
      session.out('deletion is cancelled\n');
      return 0;
    }
  }
  const deleted: Deleted[] = [];
  let warned = !session.namespaceGiven || flags.bool('all-namespaces');
  let found = 0;
  await visitInfos(session, flags.args, infoOptions, async (info) => {
    found += 1;
    if (!warned && !info.resource.namespaced) {
      session.err('Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n');
      warned = true;
    }
    try {
      deleted.push({ info, uid: await deleteInfo(session, info, options) });
    } catch (error) {
      throw withSource('deleting', info.source, error);
    }
  });
  if (found === 0) session.out('No resources found\n');
  else if (flags.bool('wait') && options.dryRun === 'none') {
    await waitForAll(session, deleted, flags.durationMs('timeout') || defaultDeletionTimeoutMs);
  }
  return 0;
}

export const deleteCommand: KubectlCommand = {
  name: 'delete',
  summary: 'Delete resources by file names, stdin, resources and names, or by resources and label selector',
  usage: '([-f FILENAME] | [-k DIRECTORY] | TYPE [(NAME | -l label | --all)]) [options]',
  flags: [
    ...filenameFlags,
    ...deletionFlags,
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    { name: 'all', type: 'bool', help: 'Delete all resources, in the namespace of the specified resource types.' },
    {
      name: 'ignore-not-found',
      type: 'bool',
      help: 'Treat "resource not found" as a successful delete. Defaults to "true" when --all is specified.',
    },
    { name: 'now', type: 'bool', help: 'If true, resources are signaled for immediate shutdown (same as --grace-period=1).' },
    {
      name: 'wait',
      type: 'bool',
      fallback: 'true',
      help: 'If true, wait for resources to be gone before returning. This waits for finalizers.',
    },
    { name: 'interactive', short: 'i', type: 'bool', help: 'If true, delete resource only when user confirms.' },
    { name: 'output', short: 'o', type: 'string', help: 'Output mode. Use "-o name" for shorter output (resource/name).' },
    { name: 'raw', type: 'string', help: 'Raw URI to DELETE to the server.' },
    {
      name: 'dry-run',
      type: 'string',
      bare: 'unchanged',
      fallback: 'none',
      help: 'Must be "none", "server", or "client".',
    },
  ],
  run: async (session, flags) => {
    const warn = (text: string): void => session.err(text);
    const gracePeriod = gracePeriodOf(flags);
    const options: DeletionOptions = {
      cascade: cascadeOf(flags, warn),
      gracePeriod,
      dryRun: dryRunOf(flags, warn),
      output: flags.string('output'),
    };
    checkFlags(flags);
    if (gracePeriod === 0) {
      warn(
        'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
      );
    }
    if (flags.given('raw')) return rawCall(session, 'DELETE');
    const filter = flags.given('filename') ? manifestFilter(session) : undefined;
    const byQuery = flags.bool('all') || flags.given('selector') || flags.given('field-selector');
    return deleteAll(session, flags, options, {
      allNamespaces: true,
      requireObject: false,
      ignoreNotFound: flags.given('ignore-not-found') ? flags.bool('ignore-not-found') : byQuery,
      ...(filter === undefined ? {} : { filterManifests: filter }),
    });
  },
};
