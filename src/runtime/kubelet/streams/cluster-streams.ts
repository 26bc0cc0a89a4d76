/** The streams of the pods of all nodes. Each call is passed to the node that runs the pod. */
import type { Duplex, Writable } from 'node:stream';
import type { ObjectRef } from '../../../api/object.ts';
import { statusErrors } from '../../../api/status-error.ts';
import type { NodeStreams, PodLogRequest } from './pod-streams.ts';

type Exec = Parameters<NodeStreams['exec']>[2];
type Attach = Parameters<NodeStreams['attach']>[2];

export interface ClusterStreams {
  refusal(verb: 'exec' | 'attach', ref: ObjectRef, container: string): Promise<string | undefined>;
  exec(ref: ObjectRef, container: string, options: Exec): Promise<number>;
  attach(ref: ObjectRef, container: string, options: Attach): Promise<void>;
  portForward(ref: ObjectRef, port: number): Promise<Duplex>;
  logs(ref: ObjectRef, container: string, request: PodLogRequest, sink: Writable): Promise<void>;
}

/**
 * Joins the streams of nodes that come and go: `nodes` is asked for each call. Rejects with NotFound when no node has
 * the pod.
 */
export function clusterStreams(nodes: () => readonly NodeStreams[]): ClusterStreams {
  const nodeOf = (ref: ObjectRef): NodeStreams => {
    const node = nodes().find((candidate) => candidate.has(ref));
    if (node === undefined) throw statusErrors.notFound({ group: '', resource: 'pods' }, ref.name);
    return node;
  };
  return {
    refusal: async (verb, ref, container) => nodeOf(ref).refusal(verb, ref, container),
    exec: async (ref, container, options) => nodeOf(ref).exec(ref, container, options),
    attach: async (ref, container, options) => nodeOf(ref).attach(ref, container, options),
    portForward: async (ref, port) => nodeOf(ref).portForward(ref, port),
    logs: async (ref, container, request, sink) => nodeOf(ref).logs(ref, container, request, sink),
  };
}
