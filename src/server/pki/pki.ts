/**
 * The cluster's keys and certificates: authority, serving certificate, client certificates, service-account key. They
 * are made once in the cluster's folder and read at later starts. A certificate is renewed when it is about to expire
 * or a name is missing.
 */

import { randomBytes, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { systemClock } from '../../client/clock.ts';
import { asSec1, type KeyAndCertificate, makeCertificate, newKey } from './certificate.ts';
import { readText, writeText } from './certificate-files.ts';
import { type SigningOrder, signRequest } from './sign-request.ts';

export interface PkiOptions {
  /** Folder of the files; made when absent. Undefined: nothing is kept. */
  readonly directory: string | undefined;
  /** First address of the Service range. */
  readonly serviceIp: string;
  /** Additional names and addresses of the API server: node addresses, the host's name. */
  readonly extraNames: readonly string[];
  /** Default: `cluster.local`. */
  readonly clusterDomain?: string;
  /** Milliseconds since the epoch; default: the system's clock. */
  readonly now?: () => number;
}

export interface Pki {
  /** The authority's certificate, PEM. */
  readonly caCertificate: string;
  /** Key and certificate of the API server. */
  readonly serving: KeyAndCertificate;
  /** Key and certificate of the user `kubernetes-admin` in `system:masters`. */
  readonly admin: KeyAndCertificate;
  /**
   * How this server vouches for users towards the APIs behind it: the authority's certificate (PEM), and the key and
   * certificate that it has signed.
   */
  readonly frontProxy: { readonly caCertificate: string; readonly client: KeyAndCertificate };
  /** Private key (PEM, EC P-256) that signs service-account tokens. */
  readonly serviceAccountKey: string;
  /** Makes a client certificate for any user, valid for a year. It is not saved. */
  issueClient(commonName: string, organizations: readonly string[]): KeyAndCertificate;
  /** Makes a serving certificate for these names and addresses, valid for a year. It is not saved. */
  issueServing(commonName: string, organizations: readonly string[], names: readonly string[]): KeyAndCertificate;
  /** Certifies what a certificate request asks for; PEM. Throws an Error when the authority has expired. */
  sign(order: SigningOrder): string;
}

const dayMs = 86_400_000;
const caDays = 3650;
const leafDays = 365;
/**
 * Prefix of the names of all of minik's certificate authorities. The command line recognises its own kubeconfig entries
 * by it.
 */
const authorityPrefix = 'minik-ca-';
const frontProxyPrefix = 'minik-front-proxy-ca-';
/** The name in the certificate with which this server vouches for users, as kubeadm names it. */
export const frontProxyName = 'front-proxy-client';
/** Certificates other than the authority's are renewed when less time than this is left. */
const renewBeforeMs = 30 * dayMs;

interface Maker {
  readonly options: PkiOptions;
  readonly nowMs: number;
}

const validity = (nowMs: number, days: number): { notBefore: Date; notAfter: Date } => ({
  // One hour earlier, because clocks differ.
  notBefore: new Date(nowMs - 3_600_000),
  notAfter: new Date(nowMs + days * dayMs),
});

/** Reads a pair. Undefined when a file is absent, cannot be parsed, or key and certificate do not belong together. */
async function readPair(
  directory: string | undefined,
  name: string,
): Promise<(KeyAndCertificate & { readonly parsed: X509Certificate }) | undefined> {
  const [key, certificate] = await Promise.all([readText(directory, `${name}.key`), readText(directory, `${name}.crt`)]);
  if (key === undefined || certificate === undefined) return undefined;
  try {
    return { key: asSec1(key), certificate, parsed: new X509Certificate(certificate) };
  } catch {
    // Differs: a broken file is replaced instead of stopping the cluster.
    return undefined;
  }
}

const lastsMs = (certificate: X509Certificate, nowMs: number): number => Date.parse(certificate.validTo) - nowMs;

/** True when the certificate is valid for every one of the names. */
function hasNames(certificate: X509Certificate, names: readonly string[]): boolean {
  return names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined);
}

/**
 * A unique name for each authority. Differs: kubeadm names every authority `kubernetes`. minik's clusters run side by
 * side. If two authorities had the same name, TLS would take one for the other, find the signature invalid and drop the
 * connection, instead of answering 401 as for an unknown certificate.
 */
const authorityName = (prefix: string): string => `${prefix}${randomBytes(6).toString('hex')}`;

async function authority(
  { options, nowMs }: Maker,
  file: string,
  { prefix, dnsName }: { readonly prefix: string; readonly dnsName: string },
): Promise<{ readonly pair: KeyAndCertificate; readonly parsed: X509Certificate; readonly fresh: boolean }> {
  const { directory } = options;
  const known = await readPair(directory, file);
  if (known !== undefined && lastsMs(known.parsed, nowMs) > renewBeforeMs) return { pair: known, parsed: known.parsed, fresh: false };
  const key = newKey();
  const names = { commonName: authorityName(prefix), organizations: [], usage: 'ca', dnsNames: [dnsName], ipAddresses: [] } as const;
  const certificate = makeCertificate({ ...names, ...validity(nowMs, caDays) }, key, undefined);
  await writeText(directory, `${file}.key`, key);
  await writeText(directory, `${file}.crt`, certificate);
  return { pair: { key, certificate }, parsed: new X509Certificate(certificate), fresh: true };
}

interface Leaf {
  readonly file: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly usage: 'server' | 'client';
  readonly names: readonly string[];
}

type Authority = Awaited<ReturnType<typeof authority>>;

function make({ nowMs }: Maker, ca: Authority, leaf: Leaf): KeyAndCertificate {
  const key = newKey();
  const certificate = makeCertificate(
    {
      commonName: leaf.commonName,
      organizations: leaf.organizations,
      usage: leaf.usage,
      dnsNames: leaf.names.filter((name) => isIP(name) === 0),
      ipAddresses: leaf.names.filter((name) => isIP(name) !== 0),
      ...validity(nowMs, leafDays),
    },
    key,
    ca.pair,
  );
  return { key, certificate };
}

async function leafPair(maker: Maker, ca: Authority, leaf: Leaf): Promise<KeyAndCertificate> {
  const { directory } = maker.options;
  const known = ca.fresh ? undefined : await readPair(directory, leaf.file);
  if (
    known?.parsed.verify(ca.parsed.publicKey) === true &&
    lastsMs(known.parsed, maker.nowMs) > renewBeforeMs &&
    hasNames(known.parsed, leaf.names)
  ) {
    return { key: known.key, certificate: known.certificate };
  }
  const { key, certificate } = make(maker, ca, leaf);
  await writeText(directory, `${leaf.file}.key`, key);
  await writeText(directory, `${leaf.file}.crt`, certificate);
  return { key, certificate };
}

/** The names of the API server in upstream's order, followed by those of this machine. */
function servingNames({ serviceIp, extraNames, clusterDomain = 'cluster.local' }: PkiOptions): readonly string[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', `kubernetes.default.svc.${clusterDomain}`];
  return [...new Set(['localhost', '127.0.0.1', '::1', ...service, serviceIp, ...extraNames])].filter((name) => name !== '');
}

/** Reads the cluster's PKI, and makes or renews what is needed. */
export async function loadPki(options: PkiOptions): Promise<Pki> {
  const maker: Maker = { options, nowMs: (options.now ?? systemClock.now)() };
  const { directory } = options;
  const ca = await authority(maker, 'ca', { prefix: authorityPrefix, dnsName: 'kubernetes' });
  const frontCa = await authority(maker, 'front-proxy-ca', { prefix: frontProxyPrefix, dnsName: 'front-proxy-ca' });
  const client = (file: string, commonName: string, organizations: readonly string[]): Leaf => ({
    file,
    commonName,
    organizations,
    usage: 'client',
    names: [],
  });
  const [serving, admin, frontProxy, knownKey] = await Promise.all([
    leafPair(maker, ca, {
      file: 'apiserver',
      commonName: 'kube-apiserver',
      organizations: [],
      usage: 'server',
      names: servingNames(options),
    }),
    leafPair(maker, ca, client('admin', 'kubernetes-admin', ['system:masters'])),
    leafPair(maker, frontCa, client('front-proxy-client', frontProxyName, [])),
    readText(directory, 'sa.key'),
  ]);
  const serviceAccountKey = knownKey ?? newKey();
  if (knownKey === undefined) await writeText(directory, 'sa.key', serviceAccountKey);
  const issue = (leaf: Leaf): KeyAndCertificate => make({ options, nowMs: (options.now ?? systemClock.now)() }, ca, leaf);
  return {
    caCertificate: ca.pair.certificate,
    serving,
    admin,
    frontProxy: { caCertificate: frontCa.pair.certificate, client: frontProxy },
    serviceAccountKey,
    issueClient: (commonName, organizations) => issue(client('', commonName, organizations)),
    issueServing: (commonName, organizations, names) => issue({ file: '', commonName, organizations, usage: 'server', names }),
    sign: (order) => signRequest(order, ca.pair),
  };
}
