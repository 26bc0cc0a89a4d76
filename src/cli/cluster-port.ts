/**
 * What the command line needs of a cluster's server. The composition root (src/cluster.ts) implements it. Only the
 * verbs that need it load it, so that all others start fast.
 */
import type { Logger } from '../client/logger.ts';
import type { NodeSettings } from './nodes.ts';

export type RuntimeName = 'docker' | 'simulated';

/** Everything that defines a cluster; stored in its profile folder. Addresses are chosen once and do not change. */
export interface ClusterSettings {
  readonly profile: string;
  /** Absolute path of the profile's folder. */
  readonly folder: string;
  readonly runtime: RuntimeName;
  /** The virtual nodes; the first is that of the control plane. They change while the cluster runs. */
  readonly nodes: readonly NodeSettings[];
  /** How many addresses of the pods' range are set aside for nodes. Absent: as many as there are nodes. */
  readonly nodeAddresses?: number | undefined;
  /** Port of the API on 127.0.0.1. */
  readonly apiPort: number;
  /** The Service range, e.g. `10.96.0.0/20`. */
  readonly serviceCidr: string;
  /** The pods' bridge network, e.g. `10.244.0.0/20`. */
  readonly podCidr: string;
  /**
   * Ranges of the host's addresses on which node ports listen, in addition to the loopback and the nodes' own
   * addresses.
   */
  readonly nodePortAddresses?: readonly string[];
  /** The file to which requests are recorded; absolute. Absent: they are not recorded. */
  readonly auditLogPath?: string | undefined;
  /** The file with the audit policy; absolute. Absent: the metadata of every request is recorded. */
  readonly auditPolicyFile?: string | undefined;
  /** When the file is begun anew, in megabytes; 0: never. Default: 100. */
  readonly auditLogMaxSize?: number | undefined;
  /** How many full files are kept; 0: all. Default: 100. */
  readonly auditLogMaxBackup?: number | undefined;
  /** For how many days full files are kept; 0: for ever. Default: 366. */
  readonly auditLogMaxAge?: number | undefined;
  /** The file with tokens and their users; absolute. Absent: there are none. */
  readonly tokenAuthFile?: string | undefined;
  /** The file that configures admission plugins; absolute. Absent: upstream's defaults hold. */
  readonly admissionConfigFile?: string | undefined;
  /** A KubeSchedulerConfiguration. */
  readonly schedulerConfigFile?: string | undefined;
  /** The file that configures the kubelets; absolute. Absent: the defaults hold. */
  readonly kubeletConfigFile?: string | undefined;
  /** The file of rules for simulated containers; absolute. Absent: only annotations tell what these do. */
  readonly behavioursFile?: string | undefined;
  /** False: versions that Kubernetes no longer serves are not served either. Default: they are. */
  readonly legacyApis?: boolean;
  /** False: no controllers run but the API server's own; another kube-controller-manager may. Default: they do. */
  readonly controllerManager?: boolean;
  /** False: pods are left to another scheduler. Default: they are not. */
  readonly scheduler?: boolean;
  /** Where the logs of containers are kept that are removed; absolute. Absent: they go with their containers. */
  readonly removedLogs?: string | undefined;
  /** The controllers of a kube-controller-manager that run, by name; default: all. */
  readonly controllers?: readonly string[] | undefined;
  /** The admission plugins that are switched off, by upstream's names. Default: none. */
  readonly disabledAdmission?: readonly string[] | undefined;
  /**
   * False: as a kube-apiserver alone leaves it, without what installers add: the storage class `standard`, the Service
   * of DNS. Default: with them.
   */
  readonly addOns?: boolean | undefined;
  /** The issuer of tokens of service accounts. Default: upstream's. */
  readonly serviceAccountIssuer?: string | undefined;
  /** Identifies this cluster's objects on the engine. */
  readonly clusterId: string;
  /** The engine that runs its containers; absent when containers exist only in memory. */
  readonly engine?: EngineRecord | undefined;
}

/** A Docker daemon, recorded so that the same one is used again. */
export interface EngineRecord {
  /** In the docker command's notation, e.g. `unix:///var/run/docker.sock`. */
  readonly host: string;
  readonly tls?: { readonly folder: string; readonly verify: boolean };
  /** The daemon's own id. */
  readonly id: string;
}

/** Settings that a user can choose. The others are chosen so that they do not overlap with anything on the host. */
export interface ClusterChoices {
  readonly profile: string;
  readonly folder: string;
  readonly runtime: RuntimeName;
  readonly nodes: readonly NodeSettings[];
  readonly apiPort?: number | undefined;
  readonly serviceCidr?: string | undefined;
  readonly podCidr?: string | undefined;
  /** Default: none. */
  readonly nodePortAddresses?: readonly string[] | undefined;
  /** See `ClusterSettings`. */
  readonly auditLogPath?: string | undefined;
  readonly auditPolicyFile?: string | undefined;
  readonly auditLogMaxSize?: number | undefined;
  readonly auditLogMaxBackup?: number | undefined;
  readonly auditLogMaxAge?: number | undefined;
  readonly tokenAuthFile?: string | undefined;
  readonly admissionConfigFile?: string | undefined;
  /** A KubeSchedulerConfiguration. */
  readonly schedulerConfigFile?: string | undefined;
  readonly kubeletConfigFile?: string | undefined;
  readonly behavioursFile?: string | undefined;
  /** Default: true. */
  readonly legacyApis?: boolean | undefined;
  /** Default: true. */
  readonly controllerManager?: boolean | undefined;
  /** Default: true. */
  readonly scheduler?: boolean | undefined;
  /** See `ClusterSettings`. */
  readonly removedLogs?: string | undefined;
  /** Whether the API gets any free port, so that the usual one stays free for clusters that stay. Default: false. */
  readonly anyPort?: boolean | undefined;
  /** The settings of an earlier start; kept where they still fit the host. */
  readonly known?: ClusterSettings | undefined;
  /**
   * Picks the addresses while no other cluster of the user picks its own, and keeps them from those that pick later.
   */
  readonly claim: <T extends ClusterAddresses>(pick: (taken: TakenAddresses) => Promise<T>) => Promise<T>;
}

/** What a cluster takes of the host. */
export type ClusterAddresses = Pick<ClusterSettings, 'apiPort' | 'serviceCidr' | 'podCidr'>;

/** What other clusters have. */
export interface TakenAddresses {
  /** Their ranges, including those of clusters that do not run. */
  readonly cidrs: readonly string[];
  /** The API ports of those that are starting, also of those that wait to be restarted after a crash. */
  readonly ports: ReadonlySet<number>;
  /** The API ports on record, including those of clusters that do not run. */
  readonly recordedPorts: ReadonlySet<number>;
  /** The folders of those that are starting. */
  readonly clusters: ReadonlySet<string>;
}

export interface RunningCluster {
  readonly admin: AdminCredentials;
  /** e.g. `https://127.0.0.1:6443`. */
  readonly apiUrl: string;
  /**
   * Makes the nodes as they are wanted, one call after the other: starts, switches off and removes them. Resolves with
   * the errors of those that could not be, by name.
   */
  setNodes(nodes: readonly NodeSettings[]): Promise<Readonly<Record<string, string>>>;
  /** Stops serving; containers keep running. */
  stop(): Promise<void>;
}

export interface AdminCredentials {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** A failure that the user can correct; printed without a stack trace. */
export class UserError extends Error {
  /** What the user can do about it, one line each. */
  readonly hints: readonly string[];
  constructor(message: string, hints: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'UserError';
    this.hints = hints;
  }
}

/**
 * True for a UserError, also for one that another part of the executable threw (executable-part.ts): each part has a
 * class of its own.
 */
export const isUserError = (error: unknown): error is UserError => error instanceof Error && error.name === 'UserError';

export interface StartHooks {
  readonly log: Logger;
  /** The settings of the last start; undefined: there was none. */
  readonly known: ClusterSettings | undefined;
  /** Called with the name of each step when it begins. */
  onStep(step: string): void;
  /**
   * Called when all addresses of the cluster are in use, so that other clusters may choose theirs. May be called more
   * than once.
   */
  onListening(): void;
}

export interface ClusterHost {
  /**
   * Checks the engine, chooses the settings that the user left open, and claims the addresses on the host, where it
   * makes nothing. Rejects with `UserError`.
   */
  plan(choices: ClusterChoices): Promise<ClusterSettings>;
  /**
   * Makes what the nodes need on the host, and starts serving in this process. Resolves when the API is ready and the
   * nodes are Ready. Rejects with `UserError` or a bug.
   */
  start(settings: ClusterSettings, hooks: StartHooks): Promise<RunningCluster>;
  /**
   * The settings with the engine's current address. Rejects with `UserError` when the engine that has the cluster's
   * containers cannot be reached. Changes nothing.
   */
  locate(settings: ClusterSettings): Promise<ClusterSettings>;
  /**
   * Starts an API server in this process, with the controllers that are asked for and nothing else. Rejects with
   * `UserError`.
   */
  serveApi(choices: ApiServerChoices): Promise<Pick<RunningCluster, 'apiUrl' | 'stop'>>;
  /**
   * Removes everything that a stopped cluster has on the machine outside its folder: containers, networks, routes.
   * `abrupt`: its server was killed (`Profile.endedAbruptly`); what the engine was still making for it is removed, too.
   */
  destroy(settings: ClusterSettings, abrupt: boolean): Promise<void>;
}

/** What an API server without a cluster behind it serves with; see `minik envtest`. */
export interface ApiServerChoices {
  /** The folder of the stored objects, which may be those of an earlier server. */
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly serviceCidr: string;
  /** PEM. */
  readonly serving: { readonly key: string; readonly certificate: string };
  /** PEM: whose certificates users sign in with. Absent: nobody's. */
  readonly clientCertificateAuthority?: string | undefined;
  /** The key that signs tokens, PEM; absent, or not of EC P-256: one is made. */
  readonly serviceAccountKey?: string | undefined;
  /** More of the settings of a cluster. */
  readonly settings: Pick<
    ClusterSettings,
    | 'controllers'
    | 'disabledAdmission'
    | 'serviceAccountIssuer'
    | 'tokenAuthFile'
    | 'admissionConfigFile'
    | 'auditLogPath'
    | 'auditPolicyFile'
  >;
  readonly log: Logger;
}

/** Loads the composition root. */
export type LoadClusterHost = () => Promise<ClusterHost>;
