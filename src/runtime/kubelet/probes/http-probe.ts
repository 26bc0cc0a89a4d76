/**
 * HTTP probes: any status from 200 to 399 is a success. Redirects are followed within the host; a redirect to another
 * host is a success with a warning. Source: pkg/probe/http/{http,request}.go.
 */
import http from 'node:http';
import https from 'node:https';
import type { Probe } from '../../../api/generated/core/v1.ts';
import { dialError, hostPort } from '../../../api/go-dial-error.ts';
import {
  type ConnectToPod,
  connectedOptions,
  type HttpGetRequest,
  httpGetRequest,
  isPlainAnswer,
  plainAnswerText,
} from './http-get-request.ts';
import { failure, type ProbeOutcome, success } from './probe-outcome.ts';

type HttpGet = NonNullable<Probe['httpGet']>;

export interface HttpProbeTarget {
  readonly port: number;
  readonly podIp: string;
  readonly timeoutMs: number;
  /** Absent: the pod is reached at its address. */
  readonly connect?: ConnectToPod | undefined;
}

interface Answer {
  readonly code: number;
  readonly location: string | undefined;
  readonly body: string;
}

const maxRedirects = 10;
const maxBodyBytes = 10 * 1024;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Makes one request; reads only as much of the body as messages show. */
async function ask(request: HttpGetRequest, signal: AbortSignal, connect: ConnectToPod | undefined): Promise<Answer> {
  const client = request.secure ? https : http;
  const options = await connectedOptions(request, signal, connect);
  return new Promise((resolve, reject) => {
    const sent = client.request(options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const code = response.statusCode ?? 0;
      const done = (): void => {
        resolve({ code, location: response.headers.location, body: Buffer.concat(chunks).subarray(0, maxBodyBytes).toString('utf8') });
        response.destroy();
      };
      if (code < 300 || code >= 400) return done();
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes >= maxBodyBytes) done();
      });
      response.on('close', done);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/**
 * The headers of the request that follows a redirect. After a relative redirect the original Host header is kept.
 * Source: Go's net/http (Client.do).
 */
function redirectedHeaders({ headers, text, secure }: HttpGetRequest, url: URL, location: string): string[] {
  const host = URL.canParse(location) || location.startsWith('//') ? url.host : (headers[1] ?? url.host);
  const pairs = headers.flatMap((name, index) =>
    index % 2 === 0 && index > 0 && name !== 'Referer' ? [name, headers[index + 1] ?? ''] : [],
  );
  const referer = secure && url.protocol === 'http:' ? [] : ['Referer', text];
  return ['Host', host, ...pairs, ...referer];
}

function redirected({ code, location }: Answer, from: HttpGetRequest): HttpGetRequest | undefined {
  if (!redirects.has(code) || location === undefined || !URL.canParse(location, from.text)) return undefined;
  const url = new URL(location, from.text);
  const secure = url.protocol === 'https:';
  return {
    text: url.href,
    secure,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    target: url.pathname + url.search,
    headers: redirectedHeaders(from, url, location),
  };
}

async function follow(first: HttpGetRequest, signal: AbortSignal, connect: ConnectToPod | undefined): Promise<ProbeOutcome> {
  let request = first;
  for (let count = 0; count < maxRedirects; count++) {
    const answer = await ask(request, signal, connect);
    const next = redirected(answer, request);
    if (next !== undefined && next.host === first.host) {
      request = next;
      continue;
    }
    const { code, body } = answer;
    if (code < 200 || code >= 400) return failure(`HTTP probe failed with statuscode: ${code}`);
    return code < 300 ? success : { success: true, warning: `Probe terminated redirects, Response body: ${body}` };
  }
  return failure(`Get ${JSON.stringify(request.text)}: stopped after ${maxRedirects} redirects`);
}

/** Makes one attempt, within the timeout. */
export async function httpProbe(action: HttpGet, { port, podIp, timeoutMs, connect }: HttpProbeTarget): Promise<ProbeOutcome> {
  const first = httpGetRequest(action, { port, podIp, purpose: 'probe' });
  const signal = AbortSignal.timeout(timeoutMs);
  const failed = (text: string): ProbeOutcome => failure(`Get ${JSON.stringify(first.text)}: ${text}`);
  try {
    return await follow(first, signal, connect);
  } catch (error) {
    if (signal.aborted) return failed('context deadline exceeded (Client.Timeout exceeded while awaiting headers)');
    if (isPlainAnswer(error)) return failed(plainAnswerText);
    return failed(error instanceof Error ? dialError(error, hostPort(first.host, port)) : String(error));
  }
}
