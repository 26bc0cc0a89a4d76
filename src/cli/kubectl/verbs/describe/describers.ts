/** Which describer a resource has, by kind and group. Source: kubectl pkg/describe/describe.go (describerMap). */
import type { ApiResource } from '../../resources/discovery.ts';
import { resourceName } from '../../resources/discovery.ts';
import { describeConfigMap } from './config-map.ts';
import type { Describer } from './context.ts';
import { describeDeployment } from './deployment.ts';
import { describeEndpointSlice } from './endpoint-slice.ts';
import { describeEndpoints } from './endpoints.ts';
import { describeGeneric } from './generic.ts';
import { describeNamespace } from './namespace.ts';
import { describeNode } from './node.ts';
import { describePod } from './pod.ts';
import { describeReplicaSet } from './replica-set.ts';
import { describeReplicationController } from './replication-controller.ts';
import { describeSecret } from './secret.ts';
import { describeService } from './service.ts';
import { describeServiceAccount } from './service-account.ts';

const describers: Readonly<Record<string, Describer>> = {
  pod: describePod,
  replicationcontroller: describeReplicationController,
  secret: describeSecret,
  service: describeService,
  serviceaccount: describeServiceAccount,
  node: describeNode,
  namespace: describeNamespace,
  endpoints: describeEndpoints,
  configmap: describeConfigMap,
  'endpointslice.discovery.k8s.io': describeEndpointSlice,
  'replicaset.apps': describeReplicaSet,
  'deployment.apps': describeDeployment,
};

/** The resource's own describer, or the one for any object. */
export const describerOf = (resource: ApiResource): Describer => describers[resourceName(resource)] ?? describeGeneric;
