/** Source: kubectl pkg/describe/describe.go (describeServiceAccount). */
import type { ServiceAccount } from '../../../../api/generated/core/v1.ts';
import { Description } from '../../output/description.ts';
import { writeIdentity } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

const header = 'Image pull secrets:';

export const describeServiceAccount: Describer = async (object, context) => {
  const { metadata, imagePullSecrets = [] } = object as unknown as ServiceAccount; // the API's answer for this resource
  const to = new Description();
  writeIdentity(to, metadata);
  if (imagePullSecrets.length === 0) to.line(0, header, '<none>');
  for (const [i, { name }] of imagePullSecrets.entries()) to.line(0, i === 0 ? header : ' '.repeat(header.length), name ?? '');
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
