/**
 * Reads PKCS#10 certificate requests, which CertificateSigningRequests hold as PEM. Source: RFC 2986,
 * pkg/apis/certificates/helpers.go (ParseCSR), Go crypto/x509.
 */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { children, contentOf, objectIdOf } from '../../der.ts';

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  /** Each address's bytes. */
  readonly ipAddresses: readonly Buffer[];
  readonly uris: readonly string[];
  /** The subject, the public key and the list of alternative names as DER; the last only when there are names. */
  readonly subject: Buffer;
  readonly publicKeyInfo: Buffer;
  readonly alternativeNames: Buffer | undefined;
  readonly signed: Buffer;
  readonly algorithm: Buffer;
  readonly signature: Buffer;
}

/** Thrown when a text is not a certificate request; the message is in Go's words where Go's can be told. */
export class CertificateRequestError extends Error {}

const ids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectAltName: '2.5.29.17',
} as const;

const malformed = (): CertificateRequestError => new CertificateRequestError("asn1: structure error: tags don't match");

const at = (items: readonly Buffer[], index: number): Buffer => {
  const item = items[index];
  if (item === undefined) throw malformed();
  return item;
};

const derOf = (pem: string): Buffer => {
  const [, type, body = ''] = /-----BEGIN ([^-\n]+)-----\r?\n([\s\S]*?)\r?\n?-----END \1-----/.exec(pem) ?? [];
  if (type !== 'CERTIFICATE REQUEST') throw new CertificateRequestError('PEM block type must be CERTIFICATE REQUEST');
  return Buffer.from(body, 'base64');
};

/** Reads a request from PEM. Does not check its signature. Throws CertificateRequestError. */
export function parseCertificateRequest(pem: string): CertificateRequest {
  try {
    return read(derOf(pem));
  } catch (error) {
    // The elements of a truncated or garbled request end where they should not.
    if (error instanceof RangeError) throw malformed();
    throw error;
  }
}

function read(der: Buffer): CertificateRequest {
  if (der[0] !== 0x30) throw malformed();
  const outer = children(der);
  const signed = at(outer, 0);
  const inner = children(signed);
  const subject = at(inner, 1);
  const alternativeNames = alternativeNamesOf(inner[3]);
  const names = alternativeNames === undefined ? [] : children(alternativeNames);
  const tagged = (tag: number): readonly Buffer[] => names.filter((name) => name[0] === tag).map(contentOf);
  const texts = (tag: number): readonly string[] => tagged(tag).map((bytes) => bytes.toString('latin1'));
  return {
    commonName: attributes(subject, ids.commonName).at(-1) ?? '',
    organizations: attributes(subject, ids.organization),
    emailAddresses: texts(0x81),
    dnsNames: texts(0x82),
    uris: texts(0x86),
    ipAddresses: tagged(0x87),
    ...{ subject, publicKeyInfo: at(inner, 2), alternativeNames, signed, algorithm: at(outer, 1), signature: at(outer, 2) },
  };
}

/** The values of an attribute of a name. */
function attributes(subject: Buffer, id: string): readonly string[] {
  const pairs = children(subject).flatMap((relative) => children(relative).map(children));
  return pairs.filter(([type]) => type !== undefined && objectIdOf(type) === id).map(([, value]) => textOf(value ?? Buffer.alloc(2)));
}

/** BMPString has two bytes a character; the other kinds of text are UTF-8 or a part of it. */
const textOf = (value: Buffer): string =>
  value[0] === 0x1e ? Buffer.from(contentOf(value)).swap16().toString('utf16le') : contentOf(value).toString('utf8');

function alternativeNamesOf(requestAttributes: Buffer | undefined): Buffer | undefined {
  for (const attribute of requestAttributes === undefined ? [] : children(requestAttributes)) {
    const [type, values] = children(attribute);
    if (type === undefined || values === undefined || objectIdOf(type) !== ids.extensionRequest) continue;
    for (const extension of children(at(children(values), 0))) {
      const parts = children(extension);
      if (objectIdOf(at(parts, 0)) === ids.subjectAltName) return contentOf(at(parts, parts.length - 1));
    }
  }
  return undefined;
}

interface SignatureKind {
  readonly digest: string | null;
  readonly padding?: number;
}

const signatureKinds: Readonly<Record<string, SignatureKind>> = {
  '1.2.840.113549.1.1.11': { digest: 'sha256' },
  '1.2.840.113549.1.1.12': { digest: 'sha384' },
  '1.2.840.113549.1.1.13': { digest: 'sha512' },
  '1.2.840.113549.1.1.10': { digest: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING },
  '1.2.840.10045.4.3.2': { digest: 'sha256' },
  '1.2.840.10045.4.3.3': { digest: 'sha384' },
  '1.2.840.10045.4.3.4': { digest: 'sha512' },
  '1.3.101.112': { digest: null },
};

const failures: Readonly<Record<string, string>> = {
  rsa: 'crypto/rsa: verification error',
  ec: 'x509: ECDSA verification failure',
  ed25519: 'x509: Ed25519 verification failure',
};

const unsupported = 'x509: cannot verify signature: algorithm unimplemented';

/** Why the signature of a request is not that of its own key; undefined when it is. */
export function signatureError({ signed, algorithm, signature, publicKeyInfo }: CertificateRequest): string | undefined {
  const [id] = children(algorithm);
  const kind = id === undefined ? undefined : signatureKinds[objectIdOf(id)];
  const key = publicKey(publicKeyInfo);
  if (kind === undefined || key === undefined) return unsupported;
  const { digest, padding } = kind;
  // The first byte of a bit string tells how many bits are unused: none.
  const bits = contentOf(signature).subarray(1);
  const options = padding === undefined ? key : { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
  return verify(digest, signed, options, bits) ? undefined : (failures[key.asymmetricKeyType ?? ''] ?? unsupported);
}

function publicKey(info: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: info, type: 'spki', format: 'der' });
  } catch {
    return undefined;
  }
}
