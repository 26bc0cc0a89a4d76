/** By which annotations static pods and their mirrors are told. Source: pkg/kubelet/types/pod_update.go. */
import type { Pod } from '../../../api/generated/core/v1.ts';

export const configSource = 'kubernetes.io/config.source';
export const configHash = 'kubernetes.io/config.hash';
export const configMirror = 'kubernetes.io/config.mirror';

/** Whether a pod of the API only shows a static pod. */
export const isMirrorPod = ({ metadata }: Pod): boolean => metadata.annotations?.[configMirror] !== undefined;

/** Whether a pod comes from a file of its node. */
export const isStaticPod = ({ metadata }: Pod): boolean =>
  metadata.annotations?.[configSource] === 'file' && metadata.annotations[configMirror] === undefined;

/** Whether an object of the API shows the pod that the kubelet runs: it is the pod, or its mirror. */
export const shows = (object: Pod, pod: Pod): boolean =>
  object.metadata.uid === pod.metadata.uid ||
  (isStaticPod(pod) && object.metadata.annotations?.[configMirror] === pod.metadata.annotations?.[configHash]);
