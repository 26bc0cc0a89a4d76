/** Source: kubectl pkg/describe/describe.go (describeEndpointSliceV1). */
import type { Endpoint, EndpointSlice } from '../../../../api/generated/discovery/v1.ts';
import { Description } from '../../output/description.ts';
import { writeIdentity } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

function writeEndpoint(to: Description, endpoint: Endpoint): void {
  const addresses = endpoint.addresses.join(', ');
  to.line(1, '- Addresses:', addresses === '' ? '<none>' : addresses);
  to.write(2, 'Conditions:\n');
  to.line(3, 'Ready:', endpoint.conditions?.ready ?? '<unset>');
  to.line(2, 'Hostname:', endpoint.hostname ?? '<unset>');
  if (endpoint.targetRef !== undefined) to.line(2, 'TargetRef:', `${endpoint.targetRef.kind ?? ''}/${endpoint.targetRef.name ?? ''}`);
  to.line(2, 'NodeName:', endpoint.nodeName ?? '<unset>');
  to.line(2, 'Zone:', endpoint.zone ?? '<unset>');
}

export const describeEndpointSlice: Describer = async (object, context) => {
  const { metadata, addressType, ports, endpoints } = object as unknown as EndpointSlice; // the API's answer for this resource
  const to = new Description();
  writeIdentity(to, metadata);
  to.line(0, 'AddressType:', addressType);
  if (ports === null || ports.length === 0) to.write(0, 'Ports: <unset>\n');
  else {
    to.write(0, 'Ports:\n');
    to.line(1, 'Name', 'Port', 'Protocol');
    to.line(1, '----', '----', '--------');
    for (const { name = '', port, protocol } of ports) to.line(1, name === '' ? '<unset>' : name, port ?? '<unset>', protocol ?? 'TCP');
  }
  to.write(0, endpoints === undefined || endpoints === null || endpoints.length === 0 ? 'Endpoints: <none>\n' : 'Endpoints:\n');
  for (const endpoint of endpoints ?? []) writeEndpoint(to, endpoint);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
