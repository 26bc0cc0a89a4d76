/** The npm package `minik`: clusters for tests. docs/library.md is about it. */
export type { ClockReading } from '../api/cluster-time.ts';
export type { FaultOrder, FaultReport, Injection } from '../api/faults/fault-order.ts';
export type { Kind } from '../api/kind.ts';
export type { KubeObject, ObjectRef } from '../api/object.ts';
export { isAlreadyExists, isConflict, isInvalid, isNotFound, StatusError } from '../api/status-error.ts';
export type { Client, ListOptions, ObjectList, Patch, ResourceClient, WatchEvent, WatchOptions, WriteOptions } from '../client/client.ts';
export type { Logger } from '../client/logger.ts';
export type { Behaviours, ClusterBehaviours, Rule } from './behaviours.ts';
export {
  Cluster,
  type ClusterOptions,
  type ExecResult,
  type LogOptions,
  type ObjectName,
  type PodOptions,
  type WaitCondition,
  type WaitOptions,
} from './cluster.ts';
export type { ClusterFaults } from './cluster-faults.ts';
export type { ClusterTime } from './cluster-time.ts';
export { WaitError } from './errors.ts';
export * as kinds from './kinds.ts';
export type { Manifests } from './manifests.ts';
