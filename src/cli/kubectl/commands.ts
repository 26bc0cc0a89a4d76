/** All verbs. Each is loaded when it is called for: a short command should not pay for the others' code. */
import type { KubectlCommand } from './command.ts';

const loaders: ReadonlyMap<string, () => Promise<KubectlCommand>> = new Map([
  ['get', async () => (await import('./get.ts')).get],
  ['describe', async () => (await import('./describe/describe.ts')).describe],
  ['create', async () => (await import('./create/create.ts')).create],
  ['apply', async () => (await import('./apply.ts')).apply],
  ['replace', async () => (await import('./replace.ts')).replace],
  ['delete', async () => (await import('./delete.ts')).deleteCommand],
  ['patch', async () => (await import('./patch.ts')).patchCommand],
  ['logs', async () => (await import('./logs.ts')).logs],
  ['exec', async () => (await import('./exec.ts')).exec],
  ['attach', async () => (await import('./attach.ts')).attach],
  ['cp', async () => (await import('./cp/cp.ts')).cp],
  ['port-forward', async () => (await import('./port-forward.ts')).portForward],
  ['label', async () => (await import('./label.ts')).label],
  ['annotate', async () => (await import('./label.ts')).annotate],
  ['scale', async () => (await import('./scale.ts')).scale],
  ['expose', async () => (await import('./expose.ts')).expose],
  ['run', async () => (await import('./run.ts')).run],
  ['explain', async () => (await import('./explain.ts')).explain],
  ['cluster-info', async () => (await import('./cluster-info.ts')).clusterInfo],
  ['api-resources', async () => (await import('./api-resources.ts')).apiResources],
  ['api-versions', async () => (await import('./api-resources.ts')).apiVersions],
  ['config', async () => (await import('./config.ts')).config],
  ['version', async () => (await import('./version.ts')).version],
  ['rollout', async () => (await import('./rollout.ts')).rollout],
  ['wait', async () => (await import('./wait.ts')).wait],
  ['set', async () => (await import('./set/set.ts')).setCommand],
  ['edit', async () => (await import('./edit.ts')).edit],
  ['taint', async () => (await import('./taint.ts')).taint],
  ['cordon', async () => (await import('./cordon.ts')).cordon],
  ['uncordon', async () => (await import('./cordon.ts')).uncordon],
  ['auth', async () => (await import('./auth.ts')).auth],
  ['drain', async () => (await import('./drain.ts')).drain],
  ['events', async () => (await import('./events.ts')).events],
  ['diff', async () => (await import('./diff.ts')).diff],
  ['plugin', async () => (await import('./plugin.ts')).plugin],
  ['options', async () => (await import('./options.ts')).options],
  ['proxy', async () => (await import('./proxy.ts')).proxy],
]);

/** A verb by its name; undefined when there is none. */
export const loadCommand = async (name: string): Promise<KubectlCommand | undefined> => loaders.get(name)?.();

/** Every verb, for the help. */
export const loadCommands = (): Promise<readonly KubectlCommand[]> => Promise.all([...loaders.values()].map((load) => load()));
