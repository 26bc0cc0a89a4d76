/** gRPC probes: one call of the health protocol, without TLS. Source: pkg/probe/grpc/grpc.go; grpc.health.v1. */

import http2 from 'node:http2';
import { errorText } from '../../../api/error-text.ts';
import { hostPort } from '../../../api/go-dial-error.ts';
import type { ConnectToPod } from './http-get-request.ts';
import { failure, type ProbeOutcome, success } from './probe-outcome.ts';

export interface GrpcProbeTarget {
  readonly host: string;
  readonly port: number;
  /** '' for the server as a whole. */
  readonly service: string;
  readonly timeoutMs: number;
  /**
   * Absent: the pod is reached at its address. Present: the pod is a simulated one, which speaks no gRPC. It serves
   * when it takes a connection.
   */
  readonly connect?: ConnectToPod | undefined;
}

const servingStatus = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const unimplemented = '12';

/** Names of the codes as Go writes them. Source: grpc codes/code_string.go. */
const codeNames = [
  ...['OK', 'Canceled', 'Unknown', 'InvalidArgument', 'DeadlineExceeded', 'NotFound', 'AlreadyExists', 'PermissionDenied'],
  ...['ResourceExhausted', 'FailedPrecondition', 'Aborted', 'OutOfRange', 'Unimplemented', 'Internal', 'Unavailable', 'DataLoss'],
  'Unauthenticated',
];

/** A number in protobuf's base-128 form. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** A HealthCheckRequest in a gRPC frame: field 1 is the service's name. */
function healthRequest(service: string): Buffer {
  const name = Buffer.from(service, 'utf8');
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** Decodes percent-encoded UTF-8; malformed text stays as it is. Source: the gRPC protocol over HTTP/2. */
const unescaped = (text: string): string =>
  Buffer.from(
    text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

interface Answer {
  readonly status: string;
  readonly message: string;
  readonly body: Buffer;
}

function outcomeOf({ status, message, body }: Answer): ProbeOutcome {
  if (status === unimplemented) {
    return failure(`error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${message}`);
  }
  if (status !== '0') {
    const code = codeNames[Number(status)] ?? 'Unknown';
    return failure(`error: health rpc probe failed: rpc error: code = ${code} desc = ${message}`);
  }
  const health = body.length >= 7 && body[5] === 0x08 ? (body[6] ?? 0) : 0;
  return health === 1 ? success : failure(`service unhealthy (responded with ${JSON.stringify(servingStatus[health] ?? String(health))})`);
}

/** Makes the call; rejects when the stream breaks. */
function call(session: http2.ClientHttp2Session, service: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      'user-agent': 'kube-probe/1.36',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let status = '2';
    let message = '';
    const read = (headers: Readonly<Record<string, unknown>>): void => {
      if (typeof headers['grpc-status'] === 'string') status = headers['grpc-status'];
      if (typeof headers['grpc-message'] === 'string') message = unescaped(headers['grpc-message']);
    };
    stream.on('response', read);
    stream.on('trailers', read);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({ status, message, body: Buffer.concat(chunks) }));
    stream.end(healthRequest(service));
  });
}

/**
 * Makes one attempt within the timeout. Differs: upstream retries a refused connection until the timeout; here it fails
 * at once, with the same text.
 */
export async function grpcProbe({ host, port, service, timeoutMs, connect }: GrpcProbeTarget): Promise<ProbeOutcome> {
  const address = hostPort(host, port);
  const within = `within ${timeoutMs / 1000}s`;
  const unreached = failure(`timeout: failed to connect service ${JSON.stringify(address)} ${within}: context deadline exceeded`);
  if (connect !== undefined) {
    const reached = connect(port).then((connection) => connection.destroy());
    return reached.then(
      () => success,
      () => unreached,
    );
  }
  const session = http2.connect(`http://${address}`);
  let connected = false;
  session.once('connect', () => {
    connected = true;
  });
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const expire = (): void => resolve(connected ? failure(`timeout: health rpc did not complete ${within}`) : unreached);
  const timer = setTimeout(expire, timeoutMs);
  const broken = (error: unknown): void => {
    const text = errorText(error);
    if (connected) resolve(failure(`error: health rpc probe failed: rpc error: code = Unavailable desc = ${text}`));
    else expire();
  };
  session.on('error', broken);
  call(session, service).then((answer) => resolve(outcomeOf(answer)), broken);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    session.destroy();
  }
}
