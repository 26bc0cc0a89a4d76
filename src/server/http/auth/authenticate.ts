/**
 * Finds out who sends a request. Source: apiserver pkg/endpoints/filters/authentication.go, pkg/authentication/group.
 */
import { isUtf8 } from 'node:buffer';
import type { TLSSocket } from 'node:tls';
import { statusErrors } from '../../../api/status-error.ts';
import type { Clock } from '../../../client/clock.ts';
import type { UserInfo } from '../../registry/registry.ts';
import { anonymousUser, type Exchange } from '../exchange.ts';
import type { Authenticator, ClientCertificate, Credentials } from '../ports.ts';

const bearerProtocol = 'base64url.bearer.authorization.k8s.io.';

/**
 * The token of an `Authorization: Bearer` header; other schemes are ignored. Source: apiserver
 * pkg/authentication/request/bearertoken.
 */
function headerToken(exchange: Exchange): string | undefined {
  const [scheme = '', token = ''] = exchange.header('authorization').trim().split(' ', 3);
  return token !== '' && scheme.toLowerCase() === 'bearer' ? token : undefined;
}

const isUtf8Base64 = (text: string): boolean => /^[\w-]*$/.test(text) && text.length % 4 !== 1 && isUtf8(Buffer.from(text, 'base64url'));

/**
 * The token that a browser passes as one of the sub-protocols of a WebSocket. Throws 401 when there are several tokens,
 * when one is malformed, or when no other sub-protocol is offered, because the server must never echo the token.
 * Source: apiserver pkg/authentication/request/websocket/protocol.go.
 */
function protocolToken(exchange: Exchange): string | undefined {
  const protocols = exchange.header('sec-websocket-protocol');
  if (!protocols.includes(bearerProtocol) || exchange.header('upgrade').toLowerCase() !== 'websocket') return undefined;
  const names = protocols.split(',').map((name) => name.trim());
  const tokens = names.filter((name) => name.startsWith(bearerProtocol)).map((name) => name.slice(bearerProtocol.length));
  const [token = ''] = tokens;
  if (tokens.length !== 1 || tokens.length === names.length || !isUtf8Base64(token)) throw statusErrors.unauthorized();
  return token === '' ? undefined : Buffer.from(token, 'base64url').toString('utf8');
}

/**
 * The verified client certificate of a connection; 'bad' when the client sent one that the CA did not sign or that has
 * expired.
 */
export type PeerCertificate = ClientCertificate | 'bad' | undefined;

/**
 * Reads the certificate of a TLS connection once. Requests on the connection share the result, and each checks that the
 * certificate is still valid.
 */
export class PeerCertificates {
  readonly #clock: Clock;
  readonly #known = new WeakMap<object, { readonly value: PeerCertificate }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(exchange: Exchange): PeerCertificate {
    if (exchange.node === undefined) return undefined;
    const { incoming } = exchange.node;
    const connection = 'stream' in incoming ? incoming.stream.session?.socket : incoming.socket;
    const certificate = connection === undefined ? undefined : this.#ofSocket(connection);
    // A connection, or a TLS session that is resumed, may outlive the certificate that it started with.
    return typeof certificate === 'object' && this.#clock.now() > certificate.expiresMs ? 'bad' : certificate;
  }

  #ofSocket(socket: object): PeerCertificate {
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
  // Without a client certificate, Node returns an empty object.
  if (certificate === null || Object.keys(certificate).length === 0) return undefined;
  if (!socket.authorized) return 'bad';
  const [commonName = ''] = listOf(certificate.subject.CN);
  return {
    commonName,
    organizations: listOf(certificate.subject.O),
    fingerprint: certificate.fingerprint256,
    expiresMs: Date.parse(certificate.valid_to),
  };
}

/**
 * Users from client certificates: CN is the name, O the groups. Source: apiserver
 * pkg/authentication/request/x509/x509.go.
 */
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

/**
 * The user of a certificate that has been authenticated before; certificates take precedence over other credentials.
 * Undefined: call `authenticate`.
 */
export function knownUser(certificate: PeerCertificate): UserInfo | undefined {
  return typeof certificate === 'object' ? certificateUsers.get(certificate) : undefined;
}

/**
 * Finds the user of a request: that of the first authenticator that accepts any of its credentials. A request without
 * credentials of a known kind is anonymous. Throws 401 when there were credentials and all were refused. Source:
 * apiserver pkg/authentication/request/union.
 */
export async function authenticate(
  exchange: Exchange,
  authenticators: readonly Authenticator[],
  certificate: PeerCertificate,
): Promise<UserInfo> {
  const ask = async (credentials: Credentials): Promise<UserInfo | undefined> => {
    for (const authenticator of authenticators) {
      const user = await authenticator.authenticate(credentials);
      if (user !== undefined) return withAuthenticatedGroup(user);
    }
    return undefined;
  };
  if (typeof certificate === 'object') {
    const user = await ask({ clientCertificate: certificate, bearerToken: undefined });
    if (user !== undefined) {
      certificateUsers.set(certificate, user);
      return user;
    }
  }
  const tokens = [headerToken(exchange), protocolToken(exchange)].filter((token) => token !== undefined);
  for (const bearerToken of tokens) {
    const user = await ask({
      clientCertificate: undefined,
      bearerToken,
      warn: (text) => exchange.warn(text),
      annotate: (key, value) => exchange.annotateLater(key, value),
    });
    if (user !== undefined) return user;
  }
  if (tokens.length > 0 || certificate === 'bad') throw statusErrors.unauthorized();
  return anonymousUser;
}
