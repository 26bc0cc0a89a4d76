import { RuntimeError } from '../container-runtime.ts';
import type { DockerApi } from './docker-api.ts';
import { statusOf } from './errors.ts';
import { LABEL, randomizedName } from './names-and-labels.ts';

/** The fields of an inspection that tell which container holds a name. */
interface Holder {
  readonly Id: string;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> | null };
  readonly State: { readonly Status: string; readonly ExitCode: number };
}

/**
 * Creates a container under a name. If a running container of the same cluster holds the name, that one is returned; a
 * dead one is removed. If any other container holds the name, the new container gets a name with a random suffix.
 * Source: pkg/kubelet/dockershim/helpers.go, recoverFromCreationConflictIfNeeded.
 */
export async function createNamed(api: DockerApi, cluster: string, name: string, body: object): Promise<{ id: string; existed: boolean }> {
  try {
    return await create(api, name, body);
  } catch (error) {
    if (!isNameConflict(error)) throw error;
  }
  const holder = await api.find<Holder>({ method: 'GET', path: `/containers/${name}/json` });
  if (holder === undefined) return create(api, name, body);
  const ours = holder.Config.Labels?.[LABEL.cluster] === cluster;
  const alive = holder.State.Status === 'running' || (holder.State.Status === 'created' && holder.State.ExitCode === 0);
  if (ours && alive) return { id: holder.Id, existed: true };
  if (!ours) return create(api, randomizedName(name), body);
  await removeContainer(api, holder.Id);
  return create(api, name, body);
}

async function create(api: DockerApi, name: string, body: object): Promise<{ id: string; existed: boolean }> {
  const { Id } = await api.json<{ Id: string }>({ method: 'POST', path: '/containers/create', query: { name }, body });
  return { id: Id, existed: false };
}

function isNameConflict(error: unknown): boolean {
  return error instanceof RuntimeError && statusOf(error.cause) === 409 && /is already in use by container/.test(error.message);
}

/** Kills and removes a container with its anonymous volumes. Succeeds when it is already gone or being removed. */
export async function removeContainer(api: DockerApi, id: string): Promise<void> {
  try {
    await api.find({ method: 'DELETE', path: `/containers/${id}`, query: { v: true, force: true } });
  } catch (error) {
    if (!(error instanceof RuntimeError) || !/removal of container .* is already in progress/.test(error.message)) throw error;
    await api.find({ method: 'POST', path: `/containers/${id}/wait`, query: { condition: 'removed' } });
  }
}
