/**
 * The images that a container mounts as volumes. They are pulled, by the policy of their volume, whenever a container
 * starts, so that a container that starts again sees what its tag means by then. Source:
 * pkg/kubelet/kuberuntime/kuberuntime_manager.go (getImageVolumes, toKubeContainerImageVolumes).
 */
import type { Container as ContainerSpec, ImageVolumeSource, Secret } from '../../../api/generated/core/v1.ts';
import { RuntimeError } from '../../container/container-runtime.ts';
import { ImageError } from '../images/image-manager.ts';
import { PodConfigError } from '../pods/pod-sources.ts';
import type { PodState } from '../pods/pod-state.ts';

/** The host's folders with the files of images, by the name of their volume. */
export type ImageMounts = ReadonlyMap<string, string>;

/**
 * Pulls and unpacks the images that the container mounts. Rejects with the `ImageError` of the last one that cannot be
 * had.
 */
export async function imageMounts(state: PodState, spec: ContainerSpec, pullSecrets: readonly Secret[]): Promise<ImageMounts> {
  const folders = new Map<string, string>();
  let failure: ImageError | undefined;
  for (const { name, image } of state.pod.spec.volumes ?? []) {
    if (image === undefined || spec.volumeMounts?.some((mount) => mount.name === name) !== true) continue;
    try {
      folders.set(name, await folderOf(state, image, pullSecrets));
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      failure = error;
    }
  }
  if (failure !== undefined) throw failure;
  return folders;
}

async function folderOf(
  state: PodState,
  { reference = '', pullPolicy = 'IfNotPresent' }: ImageVolumeSource,
  pullSecrets: readonly Secret[],
): Promise<string> {
  const { deps, pod } = state;
  const image = await deps.images.ensure({
    pod,
    image: reference,
    policy: pullPolicy,
    fieldPath: undefined,
    pullSecrets,
    signal: () => state.abortSignal,
  });
  try {
    return await deps.volumes.imageFolder(pod.metadata.uid, image.id);
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code === 'Unavailable') throw error;
    // Source: cri-api pkg/errors/errors.go (ErrImageVolumeMountFailed).
    throw new PodConfigError('CreateContainerError', `ImageVolumeMountFailed: ${error.message}`);
  }
}
