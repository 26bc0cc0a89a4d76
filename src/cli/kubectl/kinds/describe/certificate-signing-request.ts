/** Source: kubectl pkg/describe/describe.go (CertificateSigningRequestDescriber). */
import type { CertificateSigningRequest } from '../../../../api/generated/certificates/v1.ts';
import { parseCertificateRequest } from '../../../../api/kinds/certificates/certificate-request.ts';
import { stateOf } from '../../../../api/kinds/certificates/certificate-signing-request.ts';
import { pemOf } from '../../../../api/kinds/certificates/validation/certificate-signing-request.ts';
import { formatLabels } from '../../../../api/selector.ts';
import { humanDuration } from '../../../../api/time.ts';
import { Description } from '../../output/description.ts';
import { longTime } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

function writeValues(to: Description, name: string, values: readonly string[]): void {
  if (values.length > 0) to.write(0, `\t${name}:\t${values.join('\n\t\t')}\n`);
}

/** An address from its four or sixteen bytes. */
function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16)).join(':');
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}

export const describeCertificateSigningRequest: Describer = async (object, context) => {
  const csr = object as unknown as CertificateSigningRequest; // the API's answer for this resource
  const { metadata, spec } = csr;
  const request = parseCertificateRequest(pemOf(spec.request));
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Labels:', formatLabels(metadata.labels));
  to.line(0, 'Annotations:', formatLabels(metadata.annotations));
  to.line(0, 'CreationTimestamp:', longTime(metadata.creationTimestamp));
  to.line(0, 'Requesting User:', spec.username ?? '');
  if (spec.signerName !== '') to.line(0, 'Signer:', spec.signerName);
  if (spec.expirationSeconds !== undefined) to.line(0, 'Requested Duration:', humanDuration(spec.expirationSeconds * 1000));
  to.line(0, 'Status:', stateOf(csr));
  to.line(0, 'Subject:');
  to.write(0, `\tCommon Name:\t${request.commonName}\n`);
  to.write(0, '\tSerial Number:\t\n');
  writeValues(to, 'Organization', request.organizations);
  if (request.alternativeNames !== undefined) {
    to.line(0, 'Subject Alternative Names:');
    writeValues(to, 'DNS Names', request.dnsNames);
    writeValues(to, 'Email Addresses', request.emailAddresses);
    writeValues(to, 'URIs', request.uris);
    writeValues(to, 'IP Addresses', request.ipAddresses.map(addressText));
  }
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
