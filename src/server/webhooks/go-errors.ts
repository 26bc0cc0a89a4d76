/**
 * How Go words what goes wrong with an HTTPS request, from Node's errors. Source: Go crypto/x509/verify.go, net/http.
 */
import { dialError } from '../../api/go-dial-error.ts';

const unknownAuthority: ReadonlySet<unknown> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The text for a request that got no answer. `address` is host and port of the connection. */
export function requestError(error: Error, address: string, host: string): string {
  const code = 'code' in error ? error.code : '';
  if (unknownAuthority.has(code)) return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  if (code === 'CERT_HAS_EXPIRED') return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `tls: failed to verify certificate: x509: ${wrongName(error, host)}`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`;
  if (code === 'EPROTO') return 'http: server gave HTTP response to HTTPS client';
  return dialError(error, address);
}

function wrongName(error: Error, host: string): string {
  const certificate = 'cert' in error ? (error.cert as { readonly subjectaltname?: string } | undefined) : undefined;
  const names = (certificate?.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name !== '')
    .map((name) => name.replace(/^(DNS|IP Address):/, ''));
  if (names.length === 0) return 'certificate relies on legacy Common Name field, use SANs instead';
  return `certificate is valid for ${names.join(', ')}, not ${host}`;
}
