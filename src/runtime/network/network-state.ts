/**
 * The messages to the network worker: plain data, posted over a MessagePort as the whole state or as changes of single
 * Services. The main thread's network controller derives them from Services, EndpointSlices, Pods and Nodes; the worker
 * owns all sockets.
 */

export type L4Protocol = 'TCP' | 'UDP';

/** A backend. Names are for DNS (headless Services). */
export interface Backend {
  readonly ip: string;
  readonly port: number;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** The zones, and the nodes, whose clients it is meant for (hints); absent: there is no such hint. */
  readonly forZones?: readonly string[];
  readonly forNodes?: readonly string[];
}

export interface ServicePortState {
  /** '' for a single unnamed port. */
  readonly name: string;
  readonly protocol: L4Protocol;
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
  readonly backends: readonly Backend[];
}

export interface ServiceState {
  readonly namespace: string;
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** False: it only has names, and nothing listens at its addresses. */
  readonly proxied: boolean;
  /** '' or 'None' for headless. */
  readonly clusterIp: string;
  readonly externalIps: readonly string[];
  /** Host addresses that were given to a LoadBalancer. */
  readonly loadBalancerIps: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly externalName: string;
  readonly publishNotReadyAddresses: boolean;
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** Seconds; 0: no affinity. */
  readonly clientIpAffinitySeconds: number;
  /** The port on which load balancers ask for local endpoints; 0: none. */
  readonly healthCheckNodePort: number;
  readonly ports: readonly ServicePortState[];
}

/**
 * The configuration of the data plane. It contains no Pods, because addresses in names such as
 * `1-2-3-4.ns.pod.cluster.local` are computed.
 */
export interface NetworkConfig {
  readonly clusterDomain: string;
  /** e.g. 10.96.0.0/16: local to the host by one route. */
  readonly serviceCidr: string;
  readonly dnsIp: string;
  /**
   * The range of pods. It lets the proxy use service addresses as source addresses when ports run out. Absent: it never
   * does.
   */
  readonly podCidr?: string;
  /** Resolvers to forward to. */
  readonly upstreamDns: readonly string[];
  /** Addresses of the host on which node ports listen, in addition to the nodes' own; 0.0.0.0: all addresses. */
  readonly nodePortAddresses: readonly string[];
  /** The virtual nodes, their addresses, those of their pods, once they have a range of them, and their zones. */
  readonly nodes: readonly { readonly name: string; readonly ip: string; readonly podCidr?: string; readonly zone?: string }[];
}

export type ToNetworkWorker =
  | { readonly type: 'configure'; readonly config: NetworkConfig }
  | {
      readonly type: 'services';
      /** Repeated in `synced` when the change has been applied. */
      readonly sequence?: number;
      readonly upserts: readonly ServiceState[];
      readonly deletes: readonly { readonly namespace: string; readonly name: string }[];
    }
  | { readonly type: 'stop' };

export type FromNetworkWorker =
  | { readonly type: 'ready' }
  /** A port could not be opened, or was opened again. This becomes an Event and a condition on the Service. */
  | {
      readonly type: 'listener';
      readonly namespace: string;
      readonly name: string;
      readonly address: string;
      readonly port: number;
      readonly protocol: L4Protocol;
      readonly error: string | undefined;
    }
  | { readonly type: 'synced'; readonly sequence: number }
  /** A line for the main thread's log. */
  | {
      readonly type: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly message: string;
      readonly fields: Readonly<Record<string, string | number>>;
    }
  | { readonly type: 'stopped' };
