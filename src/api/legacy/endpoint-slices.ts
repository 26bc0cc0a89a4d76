/**
 * EndpointSlices of discovery.k8s.io/v1beta1, whose endpoints have a topology. Source:
 * pkg/apis/discovery/v1beta1/conversion.go.
 */
import { isObject, type JsonObject } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { oldVersion } from './old-version.ts';

const zoneLabel = 'topology.kubernetes.io/zone';
const hostnameLabel = 'kubernetes.io/hostname';

/** The zone has a field of its own, and so has the node's name unless the topology says another one. */
function storedEndpoint({ topology, ...endpoint }: JsonObject): JsonObject {
  if (!isObject(topology)) return endpoint;
  const { [zoneLabel]: zone, ...others } = topology;
  const { [hostnameLabel]: host, ...apart } = others;
  const rest = host !== undefined && host === endpoint.nodeName ? apart : others;
  return {
    ...endpoint,
    ...(zone === undefined ? {} : { zone }),
    ...(Object.keys(rest).length === 0 ? {} : { deprecatedTopology: rest }),
  };
}

function oldEndpoint({ deprecatedTopology, zone, ...endpoint }: JsonObject): JsonObject {
  const { nodeName } = endpoint;
  if (deprecatedTopology === undefined && zone === undefined && nodeName === undefined) return endpoint;
  const kept = isObject(deprecatedTopology) ? deprecatedTopology : {};
  const topology: JsonObject = {
    ...kept,
    ...(zone === undefined ? {} : { [zoneLabel]: zone }),
    ...(nodeName === undefined || (kept[hostnameLabel] ?? '') !== '' ? {} : { [hostnameLabel]: nodeName }),
  };
  return { ...endpoint, topology };
}

const withEndpoints =
  (change: (endpoint: JsonObject) => JsonObject) =>
  (object: JsonObject): JsonObject =>
    Array.isArray(object.endpoints)
      ? { ...object, endpoints: object.endpoints.map((endpoint) => (isObject(endpoint) ? change(endpoint) : endpoint)) }
      : object;

export const oldEndpointSlices: readonly ServedVersion[] = [
  oldVersion(
    {
      ofGroup: 'discovery.k8s.io',
      version: 'v1beta1',
      kind: 'EndpointSlice',
      package: 'discovery',
      deprecated: '1.21',
      removed: '1.25',
      replacement: 'discovery.k8s.io/v1',
    },
    { toStored: withEndpoints(storedEndpoint), fromStored: withEndpoints(oldEndpoint) },
  ),
];
