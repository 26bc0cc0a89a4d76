/**
 * Chooses the settings that the user left open, claims them on the host, and releases them when the cluster is deleted.
 */
import { randomBytes, randomInt } from 'node:crypto';
import {
  type ClusterAddresses,
  type ClusterChoices,
  type ClusterSettings,
  type EngineRecord,
  type TakenAddresses,
  UserError,
} from '../cli/cluster-port.ts';
import { type NodeSettings, nodeAddressCount } from '../cli/nodes.ts';
import { RuntimeError } from '../runtime/container/container-runtime.ts';
import { DockerHost } from '../runtime/container/docker/docker-host.ts';
import { canListen, firstFreePort } from '../runtime/network/free-port.ts';
import {
  addServiceRoute,
  chooseSubnets,
  HostNetworkError,
  lowestUsablePort,
  lowPortsAdvice,
  removeServiceRoute,
} from '../runtime/network/host-network.ts';
import { type ClusterSubnets, pickSubnets, simulatedPools } from '../runtime/network/subnets.ts';
import { nodeRange } from './addresses.ts';
import { readBehavioursFile } from './behaviours-file.ts';
import { containerRuntime, removeVolumes, routesByHelper } from './container-runtime.ts';
import { findEngine } from './engine.ts';
import { keepAllLogs } from './kept-logs.ts';

const defaultApiPort = 6443;
const dnsPort = 53;
/**
 * Addresses of a simulated cluster do not exist on the host, so a host without free ranges is not an error. Clusters
 * still get different addresses where possible, so that they cannot be confused.
 */
function simulatedSubnets(takenCidrs: readonly string[], preferred: Partial<ClusterSubnets>): ClusterSubnets {
  const { serviceCidr, podCidr } = pickSubnets({ taken: takenCidrs, preferred, pools: simulatedPools });
  return {
    serviceCidr: serviceCidr ?? preferred.serviceCidr ?? simulatedPools.services[0] ?? '',
    podCidr: podCidr ?? preferred.podCidr ?? simulatedPools.pods[0] ?? '',
  };
}

/**
 * Turns errors that a user can correct into a UserError. For a profile that is yet to be made, it also suggests running
 * without containers.
 */
function asUserError(error: unknown, newProfile?: string): unknown {
  if (error instanceof RuntimeError && error.code === 'Unavailable') {
    return new UserError(
      `no Docker daemon answers: ${error.message}`,
      [
        "Start it (for example: sudo systemctl start docker), or install it: https://docs.docker.com/engine/install/ or your distribution's docker.io package.",
        ...(newProfile === undefined ? [] : [`Or run without containers: minik start -p ${newProfile} --runtime simulated`]),
      ],
      { cause: error },
    );
  }
  if (error instanceof RuntimeError || error instanceof HostNetworkError) return new UserError(error.message, [], { cause: error });
  return error;
}

const engineOf = (known: Pick<ClusterSettings, 'profile' | 'engine'>): Promise<EngineRecord> =>
  findEngine(known, {
    env: process.env,
    identify: async (address) => {
      const host = new DockerHost({ clusterId: known.profile, address });
      return host.identity().finally(() => host.close());
    },
  });

/**
 * The settings with the engine's current address. Rejects with UserError when the engine that has the cluster's
 * containers cannot be reached.
 */
export async function locate(settings: ClusterSettings): Promise<ClusterSettings> {
  if (settings.runtime !== 'docker') return settings;
  try {
    return { ...settings, engine: await engineOf(settings) };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw asUserError(error);
    throw new UserError(`no Docker daemon answers at ${settings.engine?.host ?? 'the usual place'}: ${error.message}`, [
      `Start it, or remove what is left of the cluster without it: minik delete --force -p ${settings.profile}`,
    ]);
  }
}

/** Ports for clusters that take any: below those that the system gives to connections, and not the node ports. */
const anyPorts = { first: 20_000, count: 10_000 };

/**
 * A cluster keeps its port while it is free. A new one also leaves those of stopped clusters alone, whose kubeconfig
 * entries name them.
 */
async function apiPortFor({ apiPort, known, anyPort }: ClusterChoices, { ports, recordedPorts }: TakenAddresses): Promise<number> {
  const usual = anyPort === true ? anyPorts.first + randomInt(anyPorts.count) : defaultApiPort;
  if (apiPort === undefined && known !== undefined) return firstFreePort('127.0.0.1', known.apiPort, { taken: ports });
  if (apiPort === undefined) return firstFreePort('127.0.0.1', usual, { taken: new Set([...ports, ...recordedPorts]) });
  if (!ports.has(apiPort) && (await canListen('127.0.0.1', apiPort))) return apiPort;
  throw new UserError(`port ${apiPort} on 127.0.0.1 is taken by another program`, [
    'Choose another with --api-port, or leave it out: minik then takes a free one.',
  ]);
}

/** Picks what the user has left open. Rejects with UserError when what the user chose is not available. */
async function pickAddresses(choices: ClusterChoices, taken: TakenAddresses): Promise<ClusterAddresses> {
  const { known, runtime } = choices;
  if (taken.clusters.has(choices.folder)) throw new UserError(`profile ${JSON.stringify(choices.profile)} is being started already`);
  const preferred = withoutUndefined({
    serviceCidr: choices.serviceCidr ?? known?.serviceCidr,
    podCidr: choices.podCidr ?? known?.podCidr,
  });
  const [apiPort, subnets] = await Promise.all([
    apiPortFor(choices, taken),
    runtime === 'docker' ? chooseSubnets(taken.cidrs, preferred) : simulatedSubnets(taken.cidrs, preferred),
  ]);
  refuseOtherThan(choices, subnets);
  return { apiPort, ...subnets };
}

/**
 * Makes nothing on the machine, since what is made there must be on record before. Rejects with UserError when the
 * engine does not answer, or when a setting that the user chose is not available.
 */
export async function plan(choices: ClusterChoices): Promise<ClusterSettings> {
  const { known, profile, folder, runtime: runtimeName, nodes } = choices;
  // What cannot be used is told before anything is made.
  readBehavioursFile({ runtime: runtimeName, folder, behavioursFile: choices.behavioursFile || undefined });
  try {
    const engine = runtimeName === 'docker' ? await engineOf({ profile, engine: known?.engine }) : undefined;
    const { apiPort, ...subnets } = await choices.claim((taken) => pickAddresses(choices, taken));
    const clusterId = known?.clusterId ?? `${profile}-${randomBytes(3).toString('hex')}`;
    if (runtimeName === 'docker' && (await lowestUsablePort()) > dnsPort)
      throw new UserError('this user may not serve DNS and Services', [lowPortsAdvice]);
    return {
      profile,
      folder,
      runtime: runtimeName,
      nodes,
      nodeAddresses:
        known !== undefined && known.podCidr === subnets.podCidr
          ? (known.nodeAddresses ?? known.nodes.length)
          : nodeAddressCount(subnets.podCidr, nodes.length),
      apiPort,
      ...subnets,
      nodePortAddresses: choices.nodePortAddresses ?? [],
      auditLogPath: choices.auditLogPath || undefined,
      auditPolicyFile: choices.auditPolicyFile || undefined,
      auditLogMaxSize: choices.auditLogMaxSize,
      auditLogMaxBackup: choices.auditLogMaxBackup,
      auditLogMaxAge: choices.auditLogMaxAge,
      tokenAuthFile: choices.tokenAuthFile || undefined,
      admissionConfigFile: choices.admissionConfigFile || undefined,
      schedulerConfigFile: choices.schedulerConfigFile || undefined,
      kubeletConfigFile: choices.kubeletConfigFile || undefined,
      behavioursFile: choices.behavioursFile || undefined,
      legacyApis: choices.legacyApis ?? true,
      controllerManager: choices.controllerManager ?? true,
      scheduler: choices.scheduler ?? true,
      removedLogs: choices.removedLogs,
      clusterId,
      engine,
    };
  } catch (error) {
    throw asUserError(error, known === undefined ? profile : undefined);
  }
}

/**
 * Makes what the cluster's nodes need on the machine: their network and the host's routes. `known`: the settings of the
 * last start. Idempotent. Rejects with UserError.
 */
export async function prepare(settings: ClusterSettings, known: ClusterSettings | undefined): Promise<void> {
  const runtime = containerRuntime(settings);
  try {
    await runtime.prepare();
    if (settings.runtime !== 'docker') return;
    const wanted = [settings.serviceCidr, ...nodeRanges(settings, ({ wanted: state }) => state === undefined)];
    for (const range of wanted) await addServiceRoute(range, routesByHelper(settings));
    // Routes of nodes that are no longer wanted. If the profile had to change its ranges, the old ones may belong to
    // another cluster by now, so their routes stay.
    const gone = known?.podCidr === settings.podCidr && known.serviceCidr === settings.serviceCidr ? localRanges(known) : [];
    for (const range of gone) if (!wanted.includes(range)) await removeServiceRoute(range, routesByHelper(settings));
  } catch (error) {
    throw asUserError(error);
  } finally {
    await runtime.close();
  }
}

/**
 * The ranges that may be local to the host: the service range, and the addresses of all nodes but the first, whose
 * address is the bridge's own. Node ports are reached at each of them.
 */
const localRanges = (settings: ClusterSettings): readonly string[] => [settings.serviceCidr, ...nodeRanges(settings, () => true)];

function nodeRanges(settings: ClusterSettings, which: (node: NodeSettings) => boolean): readonly string[] {
  return settings.nodes.filter((node) => node.index > 0 && which(node)).map(({ index }) => nodeRange(settings, index));
}

/** Rejects when a range that the user asked for is not available; such a range is never replaced by another. */
function refuseOtherThan(choices: ClusterChoices, picked: ClusterSubnets): void {
  for (const [flag, key] of [
    ['--service-cidr', 'serviceCidr'],
    ['--pod-cidr', 'podCidr'],
  ] as const) {
    const asked = choices[key];
    if (asked !== undefined && asked !== picked[key]) {
      throw new UserError(`${flag} ${asked} cannot be used: something on this host has addresses in it, or it is no IPv4 range`, [
        `${picked[key]} is free.`,
      ]);
    }
  }
}

const withoutUndefined = ({
  serviceCidr,
  podCidr,
}: { readonly [K in 'serviceCidr' | 'podCidr']: string | undefined }): Partial<ClusterSubnets> => ({
  ...(serviceCidr === undefined ? {} : { serviceCidr }),
  ...(podCidr === undefined ? {} : { podCidr }),
});

/**
 * Removes containers, volumes, network and route of a stopped cluster, and keeps the containers' logs where the
 * settings ask for it; idempotent. If something cannot be removed, the rest still is; the first error is thrown at the
 * end. After an abrupt end of the server it also removes what the engine was still making for it.
 */
export async function destroy(settings: ClusterSettings, abrupt: boolean): Promise<void> {
  const runtime = containerRuntime(settings);
  const { removedLogs } = settings;
  const steps = [
    async () => {
      if (removedLogs !== undefined) await keepAllLogs(runtime, removedLogs);
    },
    () => runtime.destroy(abrupt),
    () => removeVolumes(settings),
    async () => {
      if (settings.runtime !== 'docker') return;
      for (const range of localRanges(settings)) await removeServiceRoute(range, routesByHelper(settings));
    },
    () => runtime.close(),
  ];
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw asUserError(failures[0]);
}
