import { RuntimeError } from './container-runtime.ts';

/**
 * The refusal of a pod whose RuntimeClass names no runtime of the engine, as containerd's reaches the pod's events.
 * Source: containerd, internal/cri/config (GetSandboxRuntime) and pkg/cri/server/sandbox_run.go of 1.7; later ones also
 * show the id of the sandbox that was not made, which would make each attempt an event of its own.
 */
export const unknownHandler = (name: string): RuntimeError =>
  new RuntimeError(
    'Other',
    `rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for ${JSON.stringify(name)} is configured`,
  );
