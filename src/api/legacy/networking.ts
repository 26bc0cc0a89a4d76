/**
 * Old versions of Ingresses and NetworkPolicies. Source: pkg/apis/networking/v1beta1, pkg/apis/extensions/v1beta1:
 * defaults.go, conversion.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { oldVersion, withSpec } from './old-version.ts';

const ofGroup = 'networking.k8s.io';
const replacement = 'networking.k8s.io/v1';
const extensions = { ofGroup, group: 'extensions', version: 'v1beta1', package: 'extensions', replacement };
const beta1 = { ofGroup, version: 'v1beta1', package: 'networking', deprecated: '1.19', removed: '1.22', replacement };

/** Applies a function to every item of a list that is an object. */
const each = (value: JsonValue | undefined, change: (item: JsonObject) => JsonObject): JsonValue | undefined =>
  Array.isArray(value) ? value.map((item: JsonValue) => (isObject(item) ? change(item) : item)) : value;

/** `serviceName` and `servicePort` are one member of what is stored. */
function storedBackend({ serviceName, servicePort, ...rest }: JsonObject): JsonObject {
  if ((serviceName === undefined || serviceName === '') && (servicePort === undefined || servicePort === 0)) return rest;
  const port = typeof servicePort === 'string' ? { name: servicePort } : { number: servicePort ?? 0 };
  return { ...rest, service: { name: serviceName ?? '', port } };
}

function oldBackend({ service, ...rest }: JsonObject): JsonObject {
  if (!isObject(service)) return rest;
  const port = isObject(service.port) ? service.port : {};
  const servicePort = port.name === undefined || port.name === '' ? (port.number ?? 0) : port.name;
  return { ...rest, serviceName: service.name ?? '', servicePort };
}

const withPaths = (rules: JsonValue | undefined, change: (path: JsonObject) => JsonObject): JsonValue | undefined =>
  each(rules, (rule) => (isObject(rule.http) ? { ...rule, http: { ...rule.http, paths: each(rule.http.paths, change) ?? [] } } : rule));

const withBackend = (path: JsonObject, change: (backend: JsonObject) => JsonObject): JsonObject =>
  isObject(path.backend) ? { ...path, backend: change(path.backend) } : path;

const storedIngress = (object: JsonObject): JsonObject =>
  withSpec(object, ({ backend, rules, ...spec }) => {
    const paths = withPaths(rules, (path) => ({
      ...withBackend(path, storedBackend),
      pathType: path.pathType ?? 'ImplementationSpecific',
    }));
    return {
      ...spec,
      ...(isObject(backend) ? { defaultBackend: storedBackend(backend) } : {}),
      ...(paths === undefined ? {} : { rules: paths }),
    };
  });

const oldIngress = (object: JsonObject): JsonObject =>
  withSpec(object, ({ defaultBackend, rules, ...spec }) => {
    const paths = withPaths(rules, (path) => withBackend(path, oldBackend));
    return {
      ...spec,
      ...(isObject(defaultBackend) ? { backend: oldBackend(defaultBackend) } : {}),
      ...(paths === undefined ? {} : { rules: paths }),
    };
  });

const ingress = { toStored: storedIngress, fromStored: oldIngress };

export const oldIngresses: readonly ServedVersion[] = [
  oldVersion({ ...beta1, kind: 'Ingress' }, ingress),
  oldVersion({ ...extensions, kind: 'Ingress', deprecated: '1.14', removed: '1.22' }, ingress),
];

export const oldNetworkPolicies: readonly ServedVersion[] = [
  oldVersion({ ...extensions, kind: 'NetworkPolicy', deprecated: '1.9', removed: '1.16' }),
];
