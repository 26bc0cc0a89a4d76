/** Defaults of containers. Pure: return new objects. Source: pkg/apis/core/v1/defaults.go. */
import type { Container, ContainerPort, EnvVar, EphemeralContainer, HTTPGetAction, Lifecycle, Probe } from '../../generated/core/v1.ts';
import { roundUpToMilli } from '../../quantity.ts';

/** Resource amounts by name. */
export type ResourceList = Readonly<Record<string, string>>;

/** Rounds every amount up to whole millis. */
export const defaultResourceList = (list: ResourceList): ResourceList =>
  Object.fromEntries(Object.entries(list).map(([name, amount]) => [name, roundUpToMilli(amount)]));

/** Limits and requests with their amounts rounded. */
export function defaultResources<T extends { readonly limits?: ResourceList | undefined; readonly requests?: ResourceList | undefined }>(
  resources: T,
): T {
  return {
    ...resources,
    ...(resources.limits === undefined ? {} : { limits: defaultResourceList(resources.limits) }),
    ...(resources.requests === undefined ? {} : { requests: defaultResourceList(resources.requests) }),
  };
}

/** Source: github.com/distribution/reference, without the names that are refused for their length or their digest. */
const imageName =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*(?::\w[\w.-]{0,127})?$/;

/** True when an image is named by the tag `latest` or by no tag and no digest. What is no name has no tag. */
export function isLatestImage(image: string): boolean {
  if (!imageName.test(image)) return false;
  const name = image.slice(image.lastIndexOf('/') + 1);
  const colon = name.indexOf(':');
  return colon === -1 || name.slice(colon + 1) === 'latest';
}

/** The default of `imagePullPolicy` for an image. */
export const defaultPullPolicy = (image: string): 'Always' | 'IfNotPresent' => (isLatestImage(image) ? 'Always' : 'IfNotPresent');

const defaultHttpGet = (action: HTTPGetAction): HTTPGetAction => ({ ...action, path: action.path || '/', scheme: action.scheme || 'HTTP' });

function defaultProbe(probe: Probe): Probe {
  return {
    ...probe,
    timeoutSeconds: probe.timeoutSeconds || 1,
    periodSeconds: probe.periodSeconds || 10,
    successThreshold: probe.successThreshold || 1,
    failureThreshold: probe.failureThreshold || 3,
    ...(probe.httpGet === undefined ? {} : { httpGet: defaultHttpGet(probe.httpGet) }),
    ...(probe.grpc === undefined ? {} : { grpc: { ...probe.grpc, service: probe.grpc.service ?? '' } }),
  };
}

function defaultLifecycle(lifecycle: Lifecycle): Lifecycle | undefined {
  // The gate ContainerStopSignals is off: upstream drops the field. Source: pkg/api/pod/util.go (dropDisabledFields).
  const { stopSignal: gated, ...rest } = lifecycle;
  const { postStart, preStop } = rest;
  if (gated !== undefined && postStart === undefined && preStop === undefined) return undefined;
  return {
    ...rest,
    ...(postStart?.httpGet === undefined ? {} : { postStart: { ...postStart, httpGet: defaultHttpGet(postStart.httpGet) } }),
    ...(preStop?.httpGet === undefined ? {} : { preStop: { ...preStop, httpGet: defaultHttpGet(preStop.httpGet) } }),
  };
}

function defaultEnv(variable: EnvVar): EnvVar {
  const { valueFrom } = variable;
  if (valueFrom?.fieldRef !== undefined) {
    return {
      ...variable,
      valueFrom: { ...valueFrom, fieldRef: { ...valueFrom.fieldRef, apiVersion: valueFrom.fieldRef.apiVersion || 'v1' } },
    };
  }
  if (valueFrom?.fileKeyRef !== undefined) {
    return {
      ...variable,
      valueFrom: { ...valueFrom, fileKeyRef: { ...valueFrom.fileKeyRef, optional: valueFrom.fileKeyRef.optional ?? false } },
    };
  }
  return variable;
}

const defaultPort = (port: ContainerPort): ContainerPort => ({ ...port, protocol: port.protocol || 'TCP' });

/** The defaults of any kind of container. */
export function defaultContainer<T extends Container | EphemeralContainer>(container: T): T {
  const { env, ports, livenessProbe, readinessProbe, startupProbe, lifecycle, securityContext } = container;
  return {
    ...container,
    resources: defaultResources(container.resources ?? {}),
    terminationMessagePath: container.terminationMessagePath || '/dev/termination-log',
    terminationMessagePolicy: container.terminationMessagePolicy || 'File',
    imagePullPolicy: container.imagePullPolicy || defaultPullPolicy(container.image ?? ''),
    ...(env === undefined ? {} : { env: env.map(defaultEnv) }),
    ...(ports === undefined ? {} : { ports: ports.map(defaultPort) }),
    ...(livenessProbe === undefined ? {} : { livenessProbe: defaultProbe(livenessProbe) }),
    ...(readinessProbe === undefined ? {} : { readinessProbe: defaultProbe(readinessProbe) }),
    ...(startupProbe === undefined ? {} : { startupProbe: defaultProbe(startupProbe) }),
    ...(lifecycle === undefined ? {} : { lifecycle: defaultLifecycle(lifecycle) }),
    ...(securityContext === undefined ? {} : { securityContext }),
  };
}
