/** Source: kubectl pkg/describe/describe.go (describeEndpoints). */
import type { Endpoints } from '../../../../api/generated/core/v1.ts';
import { Description } from '../../output/description.ts';
import { writeIdentity } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

const addressesText = (addresses: readonly { readonly ip: string }[] | undefined): string =>
  addresses === undefined || addresses.length === 0 ? '<none>' : addresses.map(({ ip }) => ip).join(',');

export const describeEndpoints: Describer = async (object, context) => {
  const { metadata, subsets } = object as unknown as Endpoints; // the API's answer for this resource
  const to = new Description();
  writeIdentity(to, metadata);
  to.write(0, 'Subsets:\n');
  for (const { addresses, notReadyAddresses, ports } of subsets ?? []) {
    to.line(1, 'Addresses:', addressesText(addresses));
    to.line(1, 'NotReadyAddresses:', addressesText(notReadyAddresses));
    if (ports !== undefined && ports.length > 0) {
      to.write(1, 'Ports:\n');
      to.line(2, 'Name', 'Port', 'Protocol');
      to.line(2, '----', '----', '--------');
      for (const { name = '', port, protocol } of ports) to.line(2, name === '' ? '<unset>' : name, port, protocol ?? 'TCP');
    }
    to.write(0, '\n');
  }
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
