/**
 * What the command line needs of a cluster's server: the composition root (src/cluster.ts) implements it and is loaded only by the
 * verbs that need it, so that all others start fast.
 */
import type { Logger } from '../client/logger.ts';

export type RuntimeName = 'docker' | 'simulated';

/** Everything that defines a cluster; kept in its profile folder. Addresses are decided once and stay. */
export interface ClusterSettings {
  readonly profile: string;
  /** Absolute path of the profile's folder. */
  readonly folder: string;
  readonly runtime: RuntimeName;
  /** How many virtual nodes; the first is named after the profile. */
  readonly nodes: number;
  /** Port of the API on 127.0.0.1. */
  readonly apiPort: number;
  /** The Service range, e.g. `10.96.0.0/20`. */
  readonly serviceCidr: string;
  /** The pods' bridge network, e.g. `10.244.0.0/20`. */
  readonly podCidr: string;
  /** Ranges of the host's addresses on which node ports listen besides the loopback and the nodes' own. */
  readonly nodePortAddresses?: readonly string[];
  /** Identifies this cluster's objects on the engine. */
  readonly clusterId: string;
  /** The engine that has its containers; absent where containers exist in memory only. */
  readonly engine?: EngineRecord | undefined;
}

/** A Docker daemon, written down so that the same one is used again. */
export interface EngineRecord {
  /** In the docker command's notation, e.g. `unix:///var/run/docker.sock`. */
  readonly host: string;
  readonly tls?: { readonly folder: string; readonly verify: boolean };
  /** What the daemon calls itself. */
  readonly id: string;
}

/** Settings that a user can choose; the rest is picked so that nothing on the host overlaps. */
export interface ClusterChoices {
  readonly profile: string;
  readonly folder: string;
  readonly runtime: RuntimeName;
  readonly nodes: number;
  readonly apiPort?: number | undefined;
  readonly serviceCidr?: string | undefined;
  readonly podCidr?: string | undefined;
  /** Default: none. */
  readonly nodePortAddresses?: readonly string[] | undefined;
  /** What was decided at an earlier start; kept where it still fits the host. */
  readonly known?: ClusterSettings | undefined;
  /** Ranges of clusters that may not run right now. */
  readonly takenCidrs: readonly string[];
}

export interface RunningCluster {
  readonly admin: AdminCredentials;
  /** e.g. `https://127.0.0.1:6443`. */
  readonly apiUrl: string;
  /** Stops serving; containers run on. */
  stop(): Promise<void>;
}

export interface AdminCredentials {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A failure that the user can do something about; printed without a stack trace. */
export class UserError extends Error {
  /** What to do about it, one line each. */
  readonly hints: readonly string[];
  constructor(message: string, hints: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
    this.hints = hints;
  }
}

export interface StartHooks {
  readonly log: Logger;
  /** Names each step as it begins. */
  onStep(step: string): void;
  /** All addresses of the cluster are taken: others may pick theirs. May be called more than once. */
  onListening(): void;
}

export interface ClusterHost {
  /** Checks the engine, picks what the user did not choose, and claims the addresses on the host. Rejects with `UserError`. */
  plan(choices: ClusterChoices): Promise<ClusterSettings>;
  /** Starts serving in this process. Resolves when the API is ready and the nodes are Ready. Rejects with `UserError` or a bug. */
  start(settings: ClusterSettings, hooks: StartHooks): Promise<RunningCluster>;
  /** The settings with the engine as it is reached now. Rejects with `UserError` when the one that has the cluster's containers is not to be had; changes nothing. */
  locate(settings: ClusterSettings): Promise<ClusterSettings>;
  /** Removes what a stopped cluster has on the machine outside its folder: containers, networks, routes. */
  destroy(settings: ClusterSettings): Promise<void>;
}

/** Loads the composition root. */
export type LoadClusterHost = () => Promise<ClusterHost>;
