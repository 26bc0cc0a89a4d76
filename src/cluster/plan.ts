/**
 * Chooses the settings that the user left open, claims them on the host, and releases them when the cluster is deleted.
 */
import { randomBytes } from 'node:crypto';
import { type ClusterChoices, type ClusterSettings, type EngineRecord, UserError } from '../cli/cluster-port.ts';
import { type NodeSettings, nodeAddressCount } from '../cli/nodes.ts';
import { type ContainerRuntime, RuntimeError } from '../runtime/container/container-runtime.ts';
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
import { containerRuntime, removeVolumes, routesByHelper } from './container-runtime.ts';
import { findEngine } from './engine.ts';

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

async function apiPortFor({ apiPort, known }: ClusterChoices): Promise<number> {
  if (apiPort === undefined) return firstFreePort('127.0.0.1', known?.apiPort ?? defaultApiPort);
  if (await canListen('127.0.0.1', apiPort)) return apiPort;
  throw new UserError(`port ${apiPort} on 127.0.0.1 is taken by another program`, [
    'Choose another with --api-port, or leave it out: minik then takes a free one.',
  ]);
}

/** Rejects with UserError when the engine does not answer, or when a setting that the user chose is not available. */
export async function plan(choices: ClusterChoices): Promise<ClusterSettings> {
  const { known, profile, folder, runtime: runtimeName, nodes, takenCidrs } = choices;
  const preferred = { serviceCidr: choices.serviceCidr ?? known?.serviceCidr, podCidr: choices.podCidr ?? known?.podCidr };
  let runtime: ContainerRuntime | undefined;
  try {
    const [engine, apiPort, subnets] = await Promise.all([
      runtimeName === 'docker' ? engineOf({ profile, engine: known?.engine }) : undefined,
      apiPortFor(choices),
      runtimeName === 'docker'
        ? chooseSubnets(takenCidrs, withoutUndefined(preferred))
        : simulatedSubnets(takenCidrs, withoutUndefined(preferred)),
    ]);
    refuseOtherThan(choices, subnets);
    const clusterId = known?.clusterId ?? `${profile}-${randomBytes(3).toString('hex')}`;
    const settings = {
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
      legacyApis: choices.legacyApis ?? true,
      controllerManager: choices.controllerManager ?? true,
      scheduler: choices.scheduler ?? true,
      clusterId,
      engine,
    };
    if (runtimeName === 'docker' && (await lowestUsablePort()) > dnsPort)
      throw new UserError('this user may not serve DNS and Services', [lowPortsAdvice]);
    runtime = containerRuntime(settings);
    await runtime.prepare();
    if (runtimeName === 'docker') {
      const wanted = [settings.serviceCidr, ...nodeRanges(settings, ({ wanted: state }) => state === undefined)];
      for (const range of wanted) await addServiceRoute(range, routesByHelper(settings));
      // Routes of nodes that are no longer wanted. If the profile had to change its ranges, the old ones may belong to
      // another cluster by now, so their routes stay.
      const gone = known?.podCidr === settings.podCidr && known.serviceCidr === settings.serviceCidr ? localRanges(known) : [];
      for (const range of gone) if (!wanted.includes(range)) await removeServiceRoute(range, routesByHelper(settings));
    }
    return settings;
  } catch (error) {
    throw asUserError(error, known === undefined ? profile : undefined);
  } finally {
    await runtime?.close();
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
 * Removes containers, volumes, network and route of a stopped cluster; idempotent. If something cannot be removed, the
 * rest still is; the first error is thrown at the end.
 */
export async function destroy(settings: ClusterSettings): Promise<void> {
  const runtime = containerRuntime(settings);
  const steps = [
    () => runtime.destroy(),
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
