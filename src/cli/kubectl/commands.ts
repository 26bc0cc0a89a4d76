/**
 * All verbs. Each verb's module is loaded only when it is called, so that a short command does not load the code of all
 * others.
 */
import type { KubectlCommand } from './command/command.ts';

const loaders: ReadonlyMap<string, () => Promise<KubectlCommand>> = new Map([
  ['get', async () => (await import('./verbs/get/get.ts')).get],
  ['describe', async () => (await import('./verbs/describe.ts')).describe],
  ['create', async () => (await import('./verbs/create/create.ts')).create],
  ['apply', async () => (await import('./verbs/apply/apply.ts')).apply],
  ['replace', async () => (await import('./verbs/replace.ts')).replace],
  ['delete', async () => (await import('./verbs/delete.ts')).deleteCommand],
  ['patch', async () => (await import('./verbs/patch.ts')).patchCommand],
  ['logs', async () => (await import('./verbs/logs.ts')).logs],
  ['exec', async () => (await import('./verbs/exec.ts')).exec],
  ['attach', async () => (await import('./verbs/attach.ts')).attach],
  ['debug', async () => (await import('./verbs/debug/debug.ts')).debug],
  ['cp', async () => (await import('./verbs/cp/cp.ts')).cp],
  ['port-forward', async () => (await import('./verbs/port-forward/port-forward.ts')).portForward],
  ['label', async () => (await import('./verbs/label.ts')).label],
  ['annotate', async () => (await import('./verbs/label.ts')).annotate],
  ['scale', async () => (await import('./verbs/scale.ts')).scale],
  ['autoscale', async () => (await import('./verbs/autoscale.ts')).autoscale],
  ['top', async () => (await import('./verbs/top/top.ts')).top],
  ['expose', async () => (await import('./verbs/expose.ts')).expose],
  ['run', async () => (await import('./verbs/run/run.ts')).run],
  ['explain', async () => (await import('./verbs/explain/explain.ts')).explain],
  ['cluster-info', async () => (await import('./verbs/cluster-info/cluster-info.ts')).clusterInfo],
  ['api-resources', async () => (await import('./verbs/api-resources.ts')).apiResources],
  ['api-versions', async () => (await import('./verbs/api-resources.ts')).apiVersions],
  ['config', async () => (await import('./verbs/config/config.ts')).config],
  ['version', async () => (await import('./verbs/version.ts')).version],
  ['rollout', async () => (await import('./verbs/rollout.ts')).rollout],
  ['wait', async () => (await import('./verbs/wait.ts')).wait],
  ['set', async () => (await import('./verbs/set/set.ts')).setCommand],
  ['edit', async () => (await import('./verbs/edit.ts')).edit],
  ['taint', async () => (await import('./verbs/taint.ts')).taint],
  ['cordon', async () => (await import('./verbs/drain/cordon.ts')).cordon],
  ['uncordon', async () => (await import('./verbs/drain/cordon.ts')).uncordon],
  ['auth', async () => (await import('./verbs/auth/auth.ts')).auth],
  ['certificate', async () => (await import('./verbs/certificate.ts')).certificate],
  ['drain', async () => (await import('./verbs/drain/drain.ts')).drain],
  ['events', async () => (await import('./verbs/events.ts')).events],
  ['diff', async () => (await import('./verbs/diff.ts')).diff],
  ['completion', async () => (await import('./verbs/completion.ts')).completion],
  ['plugin', async () => (await import('./verbs/plugin.ts')).plugin],
  ['options', async () => (await import('./verbs/options.ts')).options],
  ['proxy', async () => (await import('./verbs/proxy/proxy.ts')).proxy],
]);

/** Loads a verb by its name; undefined when there is none of that name. */
export const loadCommand = async (name: string): Promise<KubectlCommand | undefined> => loaders.get(name)?.();

/** Loads every verb, for the help. */
export const loadCommands = (): Promise<readonly KubectlCommand[]> => Promise.all([...loaders.values()].map((load) => load()));
