/** What every handler uses; made once by `createApp`. */

import type { MetricSource } from '../../api/metric-text.ts';
import type { Clock } from '../../client/clock.ts';
import type { Logger } from '../../client/logger.ts';
import type { RemoteApis } from '../aggregation/remote-apis.ts';
import type { RemoteConnections } from '../aggregation/remote-connections.ts';
import type { Registry, UserInfo } from '../registry/registry.ts';
import type { Auditor } from './audit/auditor.ts';
import type { Deadlines } from './deadlines.ts';
import type { Discovery } from './discovery/discovery.ts';
import type { ServedEntries } from './encode/served-entries.ts';
import type { TableColumns } from './encode/table-columns.ts';
import type { FlowClass } from './exchange.ts';
import type { FaultSource } from './faults/fault-source.ts';
import type { AccessMetrics } from './metrics/access-metrics.ts';
import type { HealthMetrics } from './metrics/health-metrics.ts';
import type { RequestMetrics } from './metrics/request-metrics.ts';
import type { Authenticator, Authorizer, HealthCheck, NodeApis, OpenApiSource, ProtobufCodec, RuleResolver } from './ports.ts';
import type { RequestInfo } from './request-info.ts';
import type { PodStreams } from './streaming/pod-streams.ts';
import type { VirtualResource } from './virtual/virtual-resource.ts';
import type { WatchHub } from './watch/watch-hub.ts';
import type { YamlBodies } from './yaml/yaml-bodies.ts';

/** The APIs that Services in the cluster serve, and how they are reached. */
export interface AggregatedApis {
  readonly known: RemoteApis;
  readonly connections: RemoteConnections;
}

export interface ServerContext {
  readonly registry: Registry;
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  readonly ruleResolver: RuleResolver | undefined;
  readonly podStreams: PodStreams;
  readonly nodeApis: NodeApis;
  readonly codec: ProtobufCodec;
  readonly yaml: YamlBodies;
  readonly columns: TableColumns;
  readonly served: ServedEntries;
  readonly openApi: OpenApiSource;
  readonly healthChecks: readonly HealthCheck[];
  /** Absent: requests are not recorded. */
  readonly auditor: Auditor | undefined;
  readonly faults: FaultSource;
  readonly classify: ((user: UserInfo, request: RequestInfo) => FlowClass | undefined) | undefined;
  readonly logger: Logger;
  /** The host's, which limits connections and requests. */
  readonly clock: Clock;
  /** The cluster's time, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly metrics: RequestMetrics;
  readonly access: AccessMetrics;
  readonly healthMetrics: HealthMetrics;
  /** All that `/metrics` shows, in order. */
  readonly metricSources: readonly MetricSource[];
  readonly watches: WatchHub;
  /** Called with the number of events that are sent to watchers, as they are sent. */
  readonly onEvents: (count: number) => void;
  /** Called with the number of bytes that streams carry into pods and out of them, as they are transferred. */
  readonly onStreamed: (bytes: number) => void;
  readonly deadlines: Deadlines;
  readonly discovery: Discovery;
  readonly remoteApis: AggregatedApis | undefined;
  /** Whether the proxy sub-resources may connect to an address. */
  readonly mayProxyTo: (host: string) => boolean;
  /** Whether the addresses of pods can be reached. */
  readonly podsAreReachable: boolean;
  readonly virtualResources: readonly VirtualResource[];
  /** Milliseconds of a monotonic clock, for durations. */
  monotonicMs(): number;
}
