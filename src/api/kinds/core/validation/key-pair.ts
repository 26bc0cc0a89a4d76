/** Checks whether a certificate and a key belong together, with the messages of Go's crypto/tls (X509KeyPair). */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../../../generated/core/v1.ts';

const textOf = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString('latin1');

interface Block {
  readonly type: string;
  readonly pem: string;
}

const blocksOf = (text: string): readonly Block[] =>
  [...text.matchAll(/-----BEGIN ([^-\n]+)-----\r?\n[\s\S]*?-----END \1-----/g)].map(([pem, type = '']) => ({ type, pem }));

const isKey = ({ type }: Block): boolean => type === 'PRIVATE KEY' || type.endsWith(' PRIVATE KEY');
const typesOf = (blocks: readonly Block[]): string => `[${blocks.map(({ type }) => type).join(' ')}]`;

function missingCertificate(blocks: readonly Block[]): string {
  const [first] = blocks;
  if (first === undefined) return 'tls: failed to find any PEM data in certificate input';
  return blocks.length === 1 && first.type.endsWith('PRIVATE KEY')
    ? 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched'
    : `tls: failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: ${typesOf(blocks)}`;
}

function missingKey(blocks: readonly Block[]): string {
  const [first] = blocks;
  if (first === undefined) return 'tls: failed to find any PEM data in key input';
  return blocks.length === 1 && first.type === 'CERTIFICATE'
    ? 'tls: found a certificate rather than a key in the PEM for the private key'
    : `tls: failed to find PEM block with type ending in "PRIVATE KEY" in key input after skipping PEM blocks of the following types: ${typesOf(blocks)}`;
}

/** What is wrong with a pair, in Go's words; undefined when all is well. */
function keyPairError(certificateText: string, keyText: string): string | undefined {
  const certificates = blocksOf(certificateText);
  const certificate = certificates.find(({ type }) => type === 'CERTIFICATE');
  if (certificate === undefined) return missingCertificate(certificates);
  const keys = blocksOf(keyText);
  const key = keys.find(isKey);
  if (key === undefined) return missingKey(keys);
  const parsed = tried(() => new X509Certificate(certificate.pem));
  if (parsed === undefined) return 'x509: malformed certificate';
  const privateKey = tried(() => createPrivateKey(key.pem));
  if (privateKey === undefined) return 'tls: failed to parse private key';
  if (parsed.publicKey.asymmetricKeyType !== privateKey.asymmetricKeyType) return 'tls: private key type does not match public key type';
  return createPublicKey(privateKey).equals(parsed.publicKey) ? undefined : 'tls: private key does not match public key';
}

/** The value read, or undefined when Node's crypto library cannot read it. */
function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/**
 * Warns about a TLS Secret whose certificate and key do not belong together. Source:
 * pkg/registry/core/secret/strategy.go (warningsForSecret).
 */
export function keyPairWarnings({ type, data = {} }: Secret): readonly string[] {
  if (type !== 'kubernetes.io/tls') return [];
  const error = keyPairError(textOf(data['tls.crt']), textOf(data['tls.key']));
  return error === undefined ? [] : [error];
}
