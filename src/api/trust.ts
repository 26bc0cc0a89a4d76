/** Whom a TLS client trusts. */

/**
 * TLS options that trust these certificates (PEM) as Go's clients do: each of them ends a chain, also one that is no
 * authority or was issued by another, such as a server's own certificate. Source: Go, crypto/x509 verify.go (Verify,
 * where the pool of roots contains the certificate).
 */
export const trusting = <C extends string | Uint8Array>(ca: C): { readonly ca: C; readonly allowPartialTrustChain: true } => ({
  ca,
  allowPartialTrustChain: true,
});
