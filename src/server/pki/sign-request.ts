/**
 * Certifies what certificate requests ask for. Source: pkg/controller/certificates/authority/{authority,policies}.go,
 * Go crypto/x509 (CreateCertificate).
 */
import { sign, X509Certificate } from 'node:crypto';
import { bitString, children, integer, objectId, sequence, time, tlv } from '../../api/der.ts';
import type { CertificateRequest } from '../../api/kinds/certificates/certificate-request.ts';
import { extension, ids, type KeyAndCertificate, keyId, pem, publicKeyInfoOf, serialNumber, subjectOf } from './certificate.ts';

/** A request with what its certificate may be used for, and how long. */
export interface SigningOrder {
  readonly request: CertificateRequest;
  /** As CertificateSigningRequests name them. */
  readonly usages: readonly string[];
  readonly notBefore: Date;
  /** Not after the authority's own end. */
  readonly notAfter: Date;
  readonly now: Date;
}

/** Bits of the key usage, from the left. */
const keyUsages: Readonly<Record<string, number>> = {
  signing: 0,
  'digital signature': 0,
  'content commitment': 1,
  'key encipherment': 2,
  'data encipherment': 3,
  'key agreement': 4,
  'cert sign': 5,
  'crl sign': 6,
  'encipher only': 7,
  'decipher only': 8,
};

const purpose = '1.3.6.1.5.5.7.3';

/** In the order in which they are written. */
const extendedUsages: readonly (readonly [name: string, id: string])[] = [
  ['any', '2.5.29.37.0'],
  ['server auth', `${purpose}.1`],
  ['client auth', `${purpose}.2`],
  ['code signing', `${purpose}.3`],
  ['email protection', `${purpose}.4`],
  ['s/mime', `${purpose}.4`],
  ['ipsec end system', `${purpose}.5`],
  ['ipsec tunnel', `${purpose}.6`],
  ['ipsec user', `${purpose}.7`],
  ['timestamping', `${purpose}.8`],
  ['ocsp signing', `${purpose}.9`],
  ['microsoft sgc', '1.3.6.1.4.1.311.10.3.3'],
  ['netscape sgc', '2.16.840.1.113730.4.1'],
];

/** Undefined when none of the usages is one of keys. */
function keyUsage(usages: readonly string[]): Buffer | undefined {
  const bits = usages.map((usage) => keyUsages[usage]).filter((bit) => bit !== undefined);
  if (bits.length === 0) return undefined;
  const last = Math.max(...bits);
  const bytes = Buffer.alloc(Math.floor(last / 8) + 1);
  for (const bit of bits) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(bytes, 7 - (last & 7));
}

function extensions({ request, usages }: SigningOrder, authorityKeyInfo: Buffer): Buffer {
  const ofKey = keyUsage(usages);
  const extended = [...new Set(extendedUsages.filter(([name]) => usages.includes(name)).map(([, id]) => id))];
  const nameless = children(request.subject).length === 0;
  const { alternativeNames } = request;
  return sequence(
    ...(ofKey === undefined ? [] : [extension(ids.keyUsage, ofKey, true)]),
    ...(extended.length === 0 ? [] : [extension(ids.extKeyUsage, sequence(...extended.map(objectId)))]),
    extension(ids.basicConstraints, sequence(), true),
    extension(ids.authorityKeyId, sequence(tlv(0x80, keyId(authorityKeyInfo)))),
    ...(alternativeNames === undefined ? [] : [extension(ids.subjectAltName, alternativeNames, nameless)]),
  );
}

/** Makes the certificate as PEM. Throws an Error when the authority has expired. */
export function signRequest(order: SigningOrder, authority: KeyAndCertificate): string {
  const { request, notBefore, notAfter, now } = order;
  const end = new Date(new X509Certificate(authority.certificate).validTo);
  if (now >= end) throw new Error(`refusing to sign a certificate that expired in the past: NotAfter=${end.toISOString()}`);
  const algorithm = sequence(objectId(ids.ecdsaWithSha256));
  const body = sequence(
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(serialNumber()),
    algorithm,
    subjectOf(authority.certificate),
    sequence(time(notBefore), time(notAfter < end ? notAfter : end)),
    request.subject,
    request.publicKeyInfo,
    tlv(0xa3, extensions(order, publicKeyInfoOf(authority.key))),
  );
  return pem(sequence(body, algorithm, bitString(sign('sha256', body, authority.key))));
}
