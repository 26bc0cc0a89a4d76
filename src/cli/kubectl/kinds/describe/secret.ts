/** Source: kubectl pkg/describe/describe.go (describeSecret): values are not shown, but for service-account tokens. */
import type { Secret } from '../../../../api/generated/core/v1.ts';
import { Description } from '../../output/description.ts';
import { sortedEntries, writeIdentity } from './common.ts';
import type { Describer } from './context.ts';

export const describeSecret: Describer = async (object) => {
  const { metadata, type, data } = object as unknown as Secret; // the API's answer for this resource
  const to = new Description();
  writeIdentity(to, metadata);
  to.write(0, `\nType:\t${type ?? ''}\n`);
  to.write(0, '\nData\n====\n');
  for (const [key, value] of sortedEntries(data)) {
    const bytes = Buffer.from(value, 'base64');
    const shown = key === 'token' && type === 'kubernetes.io/service-account-token';
    to.line(0, `${key}:`, shown ? bytes.toString() : `${bytes.length} bytes`);
  }
  return to.toString();
};
