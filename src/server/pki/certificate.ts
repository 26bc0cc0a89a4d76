/**
 * Makes certificates: EC P-256, SHA-256. DER is written directly, because loading an X.509 library would take a third
 * of the time that the first start of a cluster may take. Source: RFC 5280.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP, SocketAddress } from 'node:net';
import {
  bitString,
  boolean,
  children,
  contentOf,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  time,
  tlv,
  utf8String,
} from '../../api/der.ts';

export interface KeyAndCertificate {
  /** PEM (SEC 1, `EC PRIVATE KEY`). */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly usage: 'ca' | 'server' | 'client';
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

const sec1 = (key: KeyObject): string => key.export({ type: 'sec1', format: 'pem' }).toString();

/**
 * A new EC P-256 private key as PEM, in the form of SEC 1, as kubeadm writes it: fabric8 reads EC keys in no other
 * form. Source: RFC 5915.
 */
export const newKey = (): string => sec1(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

/** Converts an EC private key of any form to SEC 1. Throws when the text is not an EC private key. */
export const asSec1 = (pem: string): string => (pem.startsWith('-----BEGIN EC ') ? pem : sec1(createPrivateKey(pem)));

export const ids = {
  organization: '2.5.4.10',
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const name = (commonName: string, organizations: readonly string[]): Buffer =>
  sequence(
    ...organizations.map((text) => set(sequence(objectId(ids.organization), utf8String(text)))),
    set(sequence(objectId(ids.commonName), utf8String(commonName))),
  );

export const extension = (id: string, value: Buffer, critical = false): Buffer =>
  sequence(objectId(id), ...(critical ? [boolean(true)] : []), octetString(value));

/** SHA-1 of the key's bits, as RFC 5280 suggests. */
export function keyId(publicKeyInfo: Buffer): Buffer {
  const [, bits] = children(publicKeyInfo);
  return createHash('sha1')
    .update(contentOf(bits ?? Buffer.alloc(3)).subarray(1))
    .digest();
}

/** The address's four or sixteen bytes. */
function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // Node expands `::` only partly, so the groups on both sides are counted.
  const [before = '', after] = new SocketAddress({ address, family: 'ipv6' }).address.split('::');
  const groups = (text: string | undefined): readonly string[] => (text === undefined || text === '' ? [] : text.split(':'));
  const [head, tail] = [groups(before), groups(after)];
  const zeros = new Array<string>(8 - head.length - tail.length).fill('0');
  return Buffer.from([...head, ...zeros, ...tail].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]));
}

// Bits from the left: digitalSignature 0, keyEncipherment 2, keyCertSign 5.
const caUsage = bitString(Buffer.from([0b10100100]), 2);
const leafUsage = bitString(Buffer.from([0b10100000]), 5);

function extensions(request: CertificateRequest, publicKeyInfo: Buffer, signerKeyInfo: Buffer): Buffer {
  const isCa = request.usage === 'ca';
  const names = [
    ...request.dnsNames.map((dns) => tlv(0x82, Buffer.from(dns))),
    ...request.ipAddresses.map((address) => tlv(0x87, addressBytes(address))),
  ];
  return sequence(
    extension(ids.keyUsage, isCa ? caUsage : leafUsage, true),
    ...(isCa ? [] : [extension(ids.extKeyUsage, sequence(objectId(request.usage === 'server' ? ids.serverAuth : ids.clientAuth)))]),
    extension(ids.basicConstraints, sequence(...(isCa ? [boolean(true)] : [])), true),
    extension(ids.subjectKeyId, octetString(keyId(publicKeyInfo))),
    extension(ids.authorityKeyId, sequence(tlv(0x80, keyId(signerKeyInfo)))),
    ...(names.length === 0 ? [] : [extension(ids.subjectAltName, sequence(...names))]),
  );
}

/** The subject of a certificate as its exact bytes: the issuer of a signed certificate must repeat them exactly. */
export function subjectOf(certificate: string): Buffer {
  const [body] = children(new X509Certificate(certificate).raw);
  // Version, serial number, algorithm, issuer, validity, subject.
  const subject = children(body ?? Buffer.alloc(2))[5];
  if (subject === undefined) throw new Error('the authority certificate has no subject');
  return subject;
}

export const publicKeyInfoOf = (key: string): Buffer => createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });

export const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/** A serial number must be positive and must not begin with a zero byte. */
export function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

/** Makes a certificate for a key. It is signed by an authority, or self-signed without one. */
export function makeCertificate(request: CertificateRequest, key: string, authority: KeyAndCertificate | undefined): string {
  const algorithm = sequence(objectId(ids.ecdsaWithSha256));
  const subject = name(request.commonName, request.organizations);
  const publicKeyInfo = publicKeyInfoOf(key);
  const signerKey = authority?.key ?? key;
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    authority === undefined ? subject : subjectOf(authority.certificate),
    sequence(time(request.notBefore), time(request.notAfter)),
    subject,
    publicKeyInfo,
    tlv(0xa3, extensions(request, publicKeyInfo, publicKeyInfoOf(signerKey))),
  );
  return pem(sequence(body, algorithm, bitString(sign('sha256', body, signerKey))));
}
