/** Source: kubectl pkg/describe/describe.go (ConfigMapDescriber). */
import type { ConfigMap } from '../../../../api/generated/core/v1.ts';
import { Description } from '../../output/description.ts';
import { sortedEntries, writeIdentity } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

export const describeConfigMap: Describer = async (object, context) => {
  const { metadata, data, binaryData } = object as unknown as ConfigMap; // the API's answer for this resource
  const to = new Description();
  writeIdentity(to, metadata);
  to.write(0, '\nData\n====\n');
  for (const [key, value] of sortedEntries(data)) to.write(0, `${key}:\n----\n${value}\n\n`);
  to.write(0, '\nBinaryData\n====\n');
  for (const [key, value] of sortedEntries(binaryData)) to.write(0, `${key}: ${Buffer.from(value, 'base64').length} bytes\n`);
  to.write(0, '\n');
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
