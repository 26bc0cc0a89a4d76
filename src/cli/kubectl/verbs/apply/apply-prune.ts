/**
 * `--prune`: deletes objects that an earlier apply created and that are not in this one. Source: kubectl
 * pkg/cmd/apply/prune.go, pkg/util/prune/prune.go.
 */
import { CommandError } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import type { ApiResource } from '../../resources/discovery.ts';
import { resourcePath } from '../../resources/discovery.ts';
import type { Info } from '../../resources/infos.ts';
import { listObjects } from '../../resources/list.ts';
import { deleteInfo } from '../../writing/deletion.ts';
import { lastApplied } from '../../writing/last-applied.ts';
import type { Cascade, DryRun } from '../../writing/write-flags.ts';

/** The kinds that are pruned unless `--prune-allowlist` is given. */
const defaultKinds = [
  'core/v1/ConfigMap',
  'core/v1/Endpoints',
  'core/v1/PersistentVolumeClaim',
  'core/v1/Pod',
  'core/v1/ReplicationController',
  'core/v1/Secret',
  'core/v1/Service',
  'batch/v1/Job',
  'batch/v1/CronJob',
  'networking.k8s.io/v1/Ingress',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/ReplicaSet',
  'apps/v1/StatefulSet',
  'core/v1/Namespace',
  'core/v1/PersistentVolume',
] as const;

/** Refuses flags that cannot be combined with `--prune`. Throws CommandError. */
export function checkPruneFlags(flags: Flags): void {
  if (!flags.bool('prune')) return;
  if (flags.bool('force')) throw new CommandError('--force cannot be used with --prune');
  if (!flags.bool('all') && flags.string('selector') === '') {
    throw new CommandError(
      'all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector',
    );
  }
  if (flags.bool('server-side'))
    throw new CommandError("--prune is in alpha and doesn't currently work on objects created by server-side apply");
}

/** The resources that are pruned. Rejects with CommandError on a bad `--prune-allowlist`. */
export async function prunedResources(session: Session): Promise<readonly ApiResource[]> {
  const discovery = await session.discovery;
  const given = session.flags.all('prune-allowlist');
  const find = (text: string): ApiResource | undefined => {
    const [group = '', version = '', kind = '', ...more] = text.split('/');
    if (kind === '' || more.length > 0)
      throw new CommandError(`invalid GroupVersionKind format: ${text}, please follow <group/version/kind>`);
    const apiVersion = group === 'core' ? version : `${group}/${version}`;
    const found = discovery.byKind(apiVersion, kind);
    if (found === undefined && given.length > 0)
      throw new CommandError(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`);
    return found;
  };
  // Differs: upstream fails when the server does not serve one of the default kinds; here such a kind is skipped.
  return (given.length > 0 ? given : defaultKinds).map(find).filter((resource) => resource !== undefined);
}

export interface PruneOptions {
  readonly resources: readonly ApiResource[];
  /** Namespaces of the applied objects. */
  readonly namespaces: ReadonlySet<string>;
  /** Uids of the applied objects. */
  readonly uids: ReadonlySet<string>;
  readonly cascade: Cascade;
  readonly gracePeriod: number;
  readonly dryRun: DryRun;
}

/** Deletes the objects of one collection that an earlier apply created and whose uid is not in `uids`; yields each. */
async function* pruneCollection(session: Session, resource: ApiResource, namespace: string, options: PruneOptions): AsyncGenerator<Info> {
  const query = { labelSelector: session.flags.string('selector') };
  for await (const object of listObjects(session, resourcePath(resource, namespace), query)) {
    if (lastApplied(object) === undefined || options.uids.has(object.metadata?.uid ?? '')) continue;
    const info: Info = { resource, namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '', object, source: '' };
    await deleteInfo(session, info, { ...options, output: '', quiet: true });
    yield info;
  }
}

/** Prunes all collections; yields each deleted object. */
export async function* prune(session: Session, options: PruneOptions): AsyncGenerator<Info> {
  for (const namespace of options.namespaces) {
    for (const resource of options.resources) if (resource.namespaced) yield* pruneCollection(session, resource, namespace, options);
  }
  for (const resource of options.resources) if (!resource.namespaced) yield* pruneCollection(session, resource, '', options);
}
