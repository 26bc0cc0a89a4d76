/**
 * Whom containers are started as: `status.containerStatuses[].user`. Not to know it fails nothing; the status then says
 * nothing. Source: pkg/kubelet/kubelet_pods.go (convertContainerStatusUser).
 */
import { errorText } from '../../../api/error-text.ts';
import type { Container as ContainerSpec } from '../../../api/generated/core/v1.ts';
import type { Container, ContainerConfig, ProcessUser } from '../../container/container-runtime.ts';
import type { PodState } from '../pods/pod-state.ts';
import { containerSecurity } from './security.ts';

/** Whom a container of this image (id) is started as; undefined when that is unknown. */
async function startedAs(
  { deps, podText }: PodState,
  { security, name }: Pick<ContainerConfig, 'security' | 'name'>,
  imageId: string,
): Promise<ProcessUser | undefined> {
  try {
    return await deps.runtime.containers.userOf(imageId, security);
  } catch (error) {
    deps.log.warn('the user of a container is unknown', { pod: podText, container: name, error: errorText(error) });
    return undefined;
  }
}

/** Whom a container is started as, while it is asked for. */
export class AskedUser {
  readonly #answer: Promise<ProcessUser | undefined>;
  #known: { readonly user: ProcessUser | undefined } | undefined;

  constructor(state: PodState, config: Pick<ContainerConfig, 'security' | 'name'>, imageId: string) {
    this.#answer = startedAs(state, config, imageId).then((user) => {
      this.#known = { user };
      return user;
    });
  }

  /**
   * Notes the user of a container that has started: at once when it is known, as it is unless the container is the
   * first of its image, and otherwise as soon as it is. No container waits for it.
   */
  note(state: PodState, id: string): void {
    const set = (user: ProcessUser | undefined): void => {
      if (user !== undefined && state.observed.containers.has(id)) state.users.set(id, user);
    };
    if (this.#known !== undefined) {
      set(this.#known.user);
      return;
    }
    this.#answer.then(
      (user) => {
        set(user);
        state.onLearned?.();
      },
      (error: unknown) =>
        state.deps.log.error('the user of a container could not be noted', { pod: state.podText, error: errorText(error) }),
    );
  }
}

/** Notes whom a container was started as that runs already, when its status does not tell. */
export async function learnUser(state: PodState, { id, imageId, name }: Container, spec: ContainerSpec): Promise<void> {
  const { config, node, runtime } = state.deps;
  const image = await runtime.images.inspect(imageId).catch(() => undefined); // an engine that is away is reported elsewhere
  if (image === undefined) return;
  const security = containerSecurity(state.pod, spec, image, { seccompFolder: node.seccompFolder, seccompDefault: config.seccompDefault });
  const user = await startedAs(state, { security, name }, imageId);
  if (user !== undefined && state.observed.containers.has(id)) state.users.set(id, user);
}
