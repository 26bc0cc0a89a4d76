/**
 * Deleting objects and waiting until they are gone: `delete`, `replace --force`, `run --rm`. Source: kubectl
 * pkg/cmd/delete/delete.go, pkg/cmd/wait/delete.go.
 */
import { isNotFound } from '../../../api/status-error.ts';
import { CommandError } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { resourceName } from '../resources/discovery.ts';
import { type Info, infoPath } from '../resources/infos.ts';
import { watchUntil } from '../waiting/watch-until.ts';
import type { Cascade, DryRun } from './write-flags.ts';

export interface DeletionOptions {
  readonly cascade: Cascade;
  /** Seconds; -1: the object's own grace period. */
  readonly gracePeriod: number;
  readonly dryRun: DryRun;
  /** `name`, or '' for a sentence. */
  readonly output: string;
  readonly quiet?: boolean;
}

/** Without a time-out upstream waits one week. */
export const defaultDeletionTimeoutMs = 168 * 3_600_000;

/** The grace period, in seconds, that the flags request. Throws CommandError. */
export function gracePeriodOf(flags: Flags): number {
  const asked = flags.int('grace-period');
  const force = flags.bool('force');
  if (flags.bool('now')) {
    if (asked !== -1) throw new CommandError('--now and --grace-period cannot be specified together');
    if (force) throw new CommandError('--force and --grace-period greater than 0 cannot be specified together');
    return 1;
  }
  if (force && asked > 0) throw new CommandError('--force and --grace-period greater than 0 cannot be specified together');
  if (force && asked < 0) return 0;
  // Without --force a pod's object must not be removed before its containers have ended, so 0 becomes 1.
  return asked === 0 && !force ? 1 : asked;
}

function deletedText(info: Info, options: DeletionOptions): string {
  const kind = resourceName(info.resource);
  if (options.output === 'name') return `${kind}/${info.name}\n`;
  const verb = options.gracePeriod === 0 ? 'force deleted' : 'deleted';
  const where = info.resource.namespaced ? ` from ${info.namespace} namespace` : '';
  const dry = options.dryRun === 'client' ? ' (dry run)' : options.dryRun === 'server' ? ' (server dry run)' : '';
  return `${kind} "${info.name}" ${verb}${where}${dry}\n`;
}

/**
 * Deletes one object and prints that. Resolves with the uid of the deleted object, '' when the server's answer has
 * none.
 */
export async function deleteInfo(session: Session, info: Info, options: DeletionOptions): Promise<string> {
  let uid = '';
  if (options.dryRun !== 'client') {
    const answer = await session.object({
      method: 'DELETE',
      path: `${infoPath(info)}${options.dryRun === 'server' ? '?dryRun=All' : ''}`,
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: options.cascade,
        ...(options.gracePeriod >= 0 ? { gracePeriodSeconds: options.gracePeriod } : {}),
        ...(options.dryRun === 'server' ? { dryRun: ['All'] } : {}),
      },
    });
    uid = uidOf(answer);
  }
  if (options.quiet !== true) session.out(deletedText(info, options));
  return uid;
}

function uidOf(answer: ApiObject): string {
  if (answer.kind !== 'Status') return answer.metadata?.uid ?? '';
  const { details } = answer;
  return typeof details === 'object' && details !== null && 'uid' in details && typeof details.uid === 'string' ? details.uid : '';
}

/** Waits until an object is gone, or another object has its name. Rejects with CommandError after `timeoutMs`. */
export async function waitUntilGone(session: Session, info: Info, uid: string, timeoutMs: number): Promise<void> {
  const gone = (object: ApiObject | undefined): boolean => object === undefined || (uid !== '' && object.metadata?.uid !== uid);
  try {
    if (gone(await session.object({ method: 'GET', path: infoPath(info) }))) return;
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  if (await watchUntil(session, info, gone, timeoutMs)) return;
  throw new CommandError(`timed out waiting for the condition on ${info.resource.plural}/${info.name}`);
}
