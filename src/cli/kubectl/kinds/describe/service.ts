/** Source: kubectl pkg/describe/describe.go (describeService, formatEndpointSlices). */
import type { LoadBalancerIngress, Service, ServicePort } from '../../../../api/generated/core/v1.ts';
import type { EndpointSlice } from '../../../../api/generated/discovery/v1.ts';
import { formatLabels } from '../../../../api/selector.ts';
import { StatusError } from '../../../../api/status-error.ts';
import { Description } from '../../output/description.ts';
import { writeIdentity } from './common.ts';
import { joinHostPort } from './containers.ts';
import { type DescribeContext, type Describer, listItems } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

const set = (text: string | undefined): text is string => text !== undefined && text !== '';

const maxEndpoints = 3;

/** The first three ready addresses of a port, and how many more there are. */
export function endpointsText(slices: readonly EndpointSlice[], portName: string): string {
  if (slices.length === 0) return '<none>';
  const addresses = slices.flatMap(({ ports, endpoints }) => {
    const ready = (endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready !== false)
      .map((endpoint) => endpoint.addresses[0] ?? '');
    if (ports === null || ports.length === 0) return ready;
    return ports
      .filter((port) => (port.name ?? '') === portName)
      .flatMap((port) => ready.map((address) => joinHostPort(address, port.port ?? 0)));
  });
  const more = addresses.length - maxEndpoints;
  return more > 0 ? `${addresses.slice(0, maxEndpoints).join(',')} + ${more} more...` : addresses.join(',');
}

const ingressText = ({ ip, ipMode, hostname }: LoadBalancerIngress): string =>
  set(ip) ? `${ip}${ipMode === undefined ? '' : ` (${ipMode})`}` : (hostname ?? '');

async function slicesOf(context: DescribeContext, { metadata }: Service): Promise<readonly EndpointSlice[]> {
  try {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(metadata.namespace ?? '')}/endpointslices`;
    return await listItems<EndpointSlice>(context, path, { labels: `kubernetes.io/service-name=${metadata.name}` });
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}

function writePort(to: Description, port: ServicePort, slices: readonly EndpointSlice[]): void {
  const name = set(port.name) ? port.name : '<unset>';
  const protocol = port.protocol ?? 'TCP';
  to.line(0, 'Port:', name, `${port.port}/${protocol}`);
  to.line(0, 'TargetPort:', `${port.targetPort ?? 0}/${protocol}`);
  if (port.appProtocol !== undefined) to.line(0, 'AppProtocol:', port.appProtocol);
  if ((port.nodePort ?? 0) !== 0) to.line(0, 'NodePort:', name, `${port.nodePort ?? 0}/${protocol}`);
  to.line(0, 'Endpoints:', endpointsText(slices, port.name ?? ''));
}

function writeAddresses(to: Description, { spec, status }: Service): void {
  const orNone = (texts: readonly string[] | undefined): string => (texts === undefined || texts.length === 0 ? '<none>' : texts.join(','));
  if (spec.ipFamilyPolicy !== undefined) to.line(0, 'IP Family Policy:', spec.ipFamilyPolicy);
  to.line(0, 'IP Families:', orNone(spec.ipFamilies));
  to.line(0, 'IP:', spec.clusterIP ?? '');
  to.line(0, 'IPs:', orNone(spec.clusterIPs));
  if ((spec.externalIPs ?? []).length > 0) to.line(0, 'External IPs:', orNone(spec.externalIPs));
  if (set(spec.loadBalancerIP)) to.line(0, 'Desired LoadBalancer IP:', spec.loadBalancerIP);
  if (set(spec.externalName)) to.line(0, 'External Name:', spec.externalName);
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0) to.line(0, 'LoadBalancer Ingress:', ingress.map(ingressText).join(', '));
}

export const describeService: Describer = async (object, context) => {
  const service = object as unknown as Service; // the API's answer for this resource
  const { metadata, spec } = service;
  const to = new Description();
  writeIdentity(to, metadata);
  to.line(0, 'Selector:', formatLabels(spec.selector));
  to.line(0, 'Type:', spec.type ?? '');
  writeAddresses(to, service);
  const slices = await slicesOf(context, service);
  for (const port of spec.ports ?? []) writePort(to, port, slices);
  to.line(0, 'Session Affinity:', spec.sessionAffinity ?? '');
  if (set(spec.externalTrafficPolicy)) to.line(0, 'External Traffic Policy:', spec.externalTrafficPolicy);
  if (spec.internalTrafficPolicy !== undefined) to.line(0, 'Internal Traffic Policy:', spec.internalTrafficPolicy);
  if ((spec.healthCheckNodePort ?? 0) !== 0) to.line(0, 'HealthCheck NodePort:', spec.healthCheckNodePort ?? 0);
  if ((spec.loadBalancerSourceRanges ?? []).length > 0)
    to.line(0, 'LoadBalancer Source Ranges:', (spec.loadBalancerSourceRanges ?? []).join(','));
  if (spec.trafficDistribution !== undefined) to.line(0, 'Traffic Distribution:', spec.trafficDistribution);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
