/** The streams of the pods of all nodes. Each call is passed to the node that runs the pod. */
import type { Duplex, Writable } from 'node:stream';
import { hostPort } from '../../../api/go-dial-error.ts';
import type { ObjectRef } from '../../../api/object.ts';
import { StatusError, statusErrors } from '../../../api/status-error.ts';
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

/** The kubelet's port, as it shows in the errors of connections to a node that is switched off. */
const kubeletPort = 10_250;

/**
 * Joins the streams of nodes that come and go: `nodes` is asked for each call. When no node has the pod, rejects with
 * NotFound, or as upstream's API server that cannot reach the pod's node, whose address `addressOf` knows.
 */
export function clusterStreams(
  nodes: () => readonly NodeStreams[],
  addressOf: (ref: ObjectRef) => string | undefined = () => undefined,
): ClusterStreams {
  const nodeOf = (ref: ObjectRef): NodeStreams => {
    const node = nodes().find((candidate) => candidate.has(ref));
    if (node !== undefined) return node;
    const address = addressOf(ref);
    if (address === undefined) throw statusErrors.notFound({ group: '', resource: 'pods' }, ref.name);
    const message = `error dialing backend: dial tcp ${hostPort(address, kubeletPort)}: connect: no route to host`;
    throw new StatusError({ message, code: 500 });
  };
  return {
    refusal: async (verb, ref, container) => nodeOf(ref).refusal(verb, ref, container),
    exec: async (ref, container, options) => nodeOf(ref).exec(ref, container, options),
    attach: async (ref, container, options) => nodeOf(ref).attach(ref, container, options),
    portForward: async (ref, port) => nodeOf(ref).portForward(ref, port),
    logs: async (ref, container, request, sink) => nodeOf(ref).logs(ref, container, request, sink),
  };
}
