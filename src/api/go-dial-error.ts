/** How Go writes addresses and failed connections, as probes report them. */

export const hostPort = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);

/** Go's text for a failed connection, from Node's error. */
export function dialError(error: Error, address: string): string {
  const code = 'code' in error ? error.code : '';
  if (code === 'ECONNREFUSED') return `dial tcp ${address}: connect: connection refused`;
  if (code === 'EHOSTUNREACH') return `dial tcp ${address}: connect: no route to host`;
  if (code === 'ENETUNREACH') return `dial tcp ${address}: connect: network is unreachable`;
  if (code === 'ETIMEDOUT') return `dial tcp ${address}: i/o timeout`;
  if (code === 'ECONNRESET') return `read tcp ${address}: read: connection reset by peer`;
  return error.message;
}
