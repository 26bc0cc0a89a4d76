/** Makes certificates. The X.509 library is loaded only when something must be made: it costs 100 ms. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, webcrypto } from 'node:crypto';

export interface KeyAndCertificate {
  /** PEM (PKCS #8). */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** 'ca' signs itself. */
  readonly usage: 'ca' | 'server' | 'client';
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A new EC P-256 private key as PEM. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

async function cryptoKeys(pem: string): Promise<webcrypto.CryptoKeyPair> {
  const privateKey: KeyObject = createPrivateKey(pem);
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const { subtle } = webcrypto;
  return {
    privateKey: await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
    publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
}

async function loadX509() {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  // Node's own WebCrypto; its type differs from the DOM's only in overloads.
  type Provider = Extract<Parameters<typeof x509.cryptoProvider.set>[number], object>;
  x509.cryptoProvider.set(webcrypto as unknown as Provider);
  return x509;
}

const positiveSerial = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
};

const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

/** Makes a certificate for a key, signed by an authority (or by itself, for one). */
export async function makeCertificate(request: CertificateRequest, key: string, authority: KeyAndCertificate | undefined): Promise<string> {
  const x509 = await loadX509();
  const keys = await cryptoKeys(key);
  const signer = authority === undefined ? keys : await cryptoKeys(authority.key);
  const subject = new x509.Name([...request.organizations.map((name) => ({ O: [name] })), { CN: [request.commonName] }]);
  const isCa = request.usage === 'ca';
  const { KeyUsageFlags } = x509;
  const names = [
    ...request.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...request.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  const issuerCertificate = authority === undefined ? undefined : new x509.X509Certificate(authority.certificate);
  const extensions = [
    new x509.KeyUsagesExtension(
      isCa
        ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.keyCertSign
        : KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment,
      true,
    ),
    new x509.BasicConstraintsExtension(isCa, undefined, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
    ...(isCa ? [] : [new x509.ExtendedKeyUsageExtension([request.usage === 'server' ? serverAuth : clientAuth])]),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: positiveSerial(),
    subject: subject.toString(),
    issuer: issuerCertificate === undefined ? subject.toString() : issuerCertificate.subject,
    notBefore: request.notBefore,
    notAfter: request.notAfter,
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: algorithm,
    extensions,
  });
  return `${certificate.toString('pem')}\n`;
}
