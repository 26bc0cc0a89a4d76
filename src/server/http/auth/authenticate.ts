/** Who sends a request. Source: apiserver pkg/endpoints/filters/authentication.go, pkg/authentication/group. */
import type { TLSSocket } from 'node:tls';
import { statusErrors } from '../../../api/status-error.ts';
import type { UserInfo } from '../../registry/registry.ts';
import { anonymousUser, type Exchange } from '../exchange.ts';
import type { Authenticator, ClientCertificate, Credentials } from '../ports.ts';

const bearerProtocol = 'base64url.bearer.authorization.k8s.io.';

/** The token of the request: from the header or, for browsers, from the WebSocket sub-protocol. */
function bearerToken(exchange: Exchange): string | undefined {
  const header = exchange.header('authorization');
  if (header !== '') {
    const match = /^bearer +(\S+)/i.exec(header.trim());
    return match?.[1];
  }
  const protocols = exchange.header('sec-websocket-protocol');
  if (!protocols.includes(bearerProtocol)) return undefined;
  for (const protocol of protocols.split(',')) {
    const name = protocol.trim();
    if (name.startsWith(bearerProtocol)) return Buffer.from(name.slice(bearerProtocol.length), 'base64url').toString('utf8');
  }
  return undefined;
}

/** The verified client certificate of a connection; 'bad' when one was sent that the CA did not sign or that has expired. */
export type PeerCertificate = ClientCertificate | 'bad' | undefined;

/** Reads the certificate of a TLS connection once; several requests on it share the answer. */
export class PeerCertificates {
  readonly #known = new WeakMap<object, { readonly value: PeerCertificate }>();

  of(exchange: Exchange): PeerCertificate {
    if (exchange.node === undefined) return undefined;
    const { incoming } = exchange.node;
    const connection = 'stream' in incoming ? incoming.stream.session?.socket : incoming.socket;
    return connection === undefined ? undefined : this.ofSocket(connection);
  }

  ofSocket(socket: object): PeerCertificate {
    const known = this.#known.get(socket);
    if (known !== undefined) return known.value;
    const value = isTls(socket) ? readCertificate(socket) : undefined;
    this.#known.set(socket, { value });
    return value;
  }
}

// The socket of an HTTP/2 session is a proxy that answers reads but not `in`.
const isTls = (socket: object): socket is TLSSocket => typeof Reflect.get(socket, 'getPeerCertificate') === 'function';

const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []);

function readCertificate(socket: TLSSocket): PeerCertificate {
  const certificate = socket.getPeerCertificate();
  // Without a client certificate Node answers an empty object.
  if (certificate === null || Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) return 'bad';
  const [commonName = ''] = listOf(certificate.subject.CN);
  return { commonName, organizations: listOf(certificate.subject.O), fingerprint: certificate.fingerprint256 };
}

/** Users from client certificates: CN is the name, O the groups. Source: apiserver pkg/authentication/request/x509/x509.go. */
export const certificateAuthenticator: Authenticator = {
  authenticate({ clientCertificate }: Credentials): UserInfo | undefined {
    if (clientCertificate === undefined || clientCertificate.commonName === '') return undefined;
    const credential = `X509SHA256=${clientCertificate.fingerprint.replaceAll(':', '').toLowerCase()}`;
    return {
      name: clientCertificate.commonName,
      uid: '',
      groups: clientCertificate.organizations,
      extra: { 'authentication.kubernetes.io/credential-id': [credential] },
    };
  },
};

/** Adds `system:authenticated`, as upstream's group adder does. */
function withAuthenticatedGroup(user: UserInfo): UserInfo {
  if (user.groups.includes('system:authenticated') || user.groups.includes('system:unauthenticated')) return user;
  return Object.freeze({ ...user, groups: Object.freeze([...user.groups, 'system:authenticated']) });
}

const certificateUsers = new WeakMap<ClientCertificate, UserInfo>();

/** The user of a certificate that has been authenticated before, when nothing else is said; undefined: see `authenticate`. */
export function knownUser(exchange: Exchange, certificate: PeerCertificate): UserInfo | undefined {
  if (typeof certificate !== 'object' || bearerToken(exchange) !== undefined) return undefined;
  return certificateUsers.get(certificate);
}

/** Finds the user of a request: the first authenticator that knows the credentials. Throws 401 when credentials are wrong; without any, the user is anonymous. */
export async function authenticate(
  exchange: Exchange,
  authenticators: readonly Authenticator[],
  certificate: PeerCertificate,
): Promise<UserInfo> {
  const token = bearerToken(exchange);
  if (certificate === 'bad' && token === undefined) throw statusErrors.unauthorized();
  const clientCertificate = certificate === 'bad' ? undefined : certificate;
  if (token === undefined && clientCertificate === undefined) {
    if (exchange.header('authorization') !== '') throw statusErrors.unauthorized();
    return anonymousUser;
  }
  for (const authenticator of authenticators) {
    const user = await authenticator.authenticate({ clientCertificate, bearerToken: token });
    if (user === undefined) continue;
    const complete = withAuthenticatedGroup(user);
    if (token === undefined && clientCertificate !== undefined) certificateUsers.set(clientCertificate, complete);
    return complete;
  }
  throw statusErrors.unauthorized();
}
