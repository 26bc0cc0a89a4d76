/**
 * What the network worker is told: plain data, posted over a MessagePort as whole-state or per-service changes. The main thread's
 * network controller derives it from Services, EndpointSlices, Pods and Nodes; the worker owns all sockets.
 */

export type L4Protocol = 'TCP' | 'UDP';

/** A backend; names are for DNS (headless Services), the zone for topology. */
export interface Backend {
  readonly ip: string;
  readonly port: number;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
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
  /** '' or 'None' for headless. */
  readonly clusterIp: string;
  readonly externalIps: readonly string[];
  /** Host addresses given to a LoadBalancer. */
  readonly loadBalancerIps: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly externalName: string;
  readonly publishNotReadyAddresses: boolean;
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  /** Seconds; 0: no affinity. */
  readonly clientIpAffinitySeconds: number;
  /** Where load balancers ask for local endpoints; 0: nowhere. */
  readonly healthCheckNodePort: number;
  readonly ports: readonly ServicePortState[];
}

/** Pod names for `1-2-3-4.ns.pod.cluster.local` are computed, so Pods are not sent. */
export interface NetworkConfig {
  readonly clusterDomain: string;
  /** e.g. 10.96.0.0/16: local to the host by one route. */
  readonly serviceCidr: string;
  readonly dnsIp: string;
  /** Where pods live; lets the proxy borrow service addresses as sources when ports run out. Absent: never borrowed. */
  readonly podCidr?: string;
  /** Resolvers to forward to. */
  readonly upstreamDns: readonly string[];
  /** Addresses of the host on which node ports listen besides the nodes' own; 0.0.0.0 stands for all. */
  readonly nodePortAddresses: readonly string[];
  /** The virtual nodes and their addresses. */
  readonly nodes: readonly { readonly name: string; readonly ip: string }[];
}

export type ToNetworkWorker =
  | { readonly type: 'configure'; readonly config: NetworkConfig }
  | {
      readonly type: 'services';
      /** Echoed by `synced` when the change is in force. */
      readonly sequence?: number;
      readonly upserts: readonly ServiceState[];
      readonly deletes: readonly { readonly namespace: string; readonly name: string }[];
    }
  | { readonly type: 'stop' };

export type FromNetworkWorker =
  | { readonly type: 'ready' }
  /** A port could not be opened or was opened again: becomes an Event and a condition on the Service. */
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
