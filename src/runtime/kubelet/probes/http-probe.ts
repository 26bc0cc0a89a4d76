/**
 * HTTP probes: any answer from 200 to 399 will do. Redirects are followed within the host; one that leads away ends the probe well, with a warning.
 * Source: pkg/probe/http/{http,request}.go.
 */
import http from 'node:http';
import https from 'node:https';
import type { Probe } from '../../../api/generated/core/v1.ts';
import { dialError, hostPort } from '../../../api/go-dial-error.ts';
import { failure, type ProbeOutcome, success } from './probe-outcome.ts';

type HttpGet = NonNullable<Probe['httpGet']>;

export interface HttpProbeTarget {
  readonly port: number;
  readonly podIp: string;
  readonly timeoutMs: number;
}

interface Answer {
  readonly code: number;
  readonly location: string | undefined;
  readonly body: string;
}

const maxRedirects = 10;
const maxBodyBytes = 10 * 1024;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Reads no more of the body than is shown. */
function ask(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer> {
  const client = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = client.request(url, { headers, agent: false, rejectUnauthorized: false, signal }, (response) => {
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
    request.on('error', reject);
    request.end();
  });
}

const followable = ({ code, location }: Answer, from: URL): URL | undefined =>
  redirects.has(code) && location !== undefined && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;

async function follow(first: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ProbeOutcome> {
  let url = first;
  for (let count = 0; count < maxRedirects; count++) {
    const answer = await ask(url, headers, signal);
    const next = followable(answer, url);
    if (next !== undefined && next.hostname === first.hostname) {
      url = next;
      continue;
    }
    const { code, body } = answer;
    if (code < 200 || code >= 400) return failure(`HTTP probe failed with statuscode: ${code}`);
    return code < 300 ? success : { success: true, warning: `Probe terminated redirects, Response body: ${body}` };
  }
  return failure(`Get ${JSON.stringify(url.href)}: stopped after ${maxRedirects} redirects`);
}

/** Asks once, within the timeout. */
export async function httpProbe(action: HttpGet, { port, podIp, timeoutMs }: HttpProbeTarget): Promise<ProbeOutcome> {
  const host = action.host === undefined || action.host === '' ? podIp : action.host;
  const { path = '' } = action;
  const text = `${(action.scheme ?? 'HTTP').toLowerCase()}://${hostPort(host, port)}${path.startsWith('/') ? path : `/${path}`}`;
  const headers: Record<string, string> = { 'User-Agent': 'kube-probe/1.36', Accept: '*/*', Connection: 'close' };
  for (const { name, value } of action.httpHeaders ?? []) headers[name] = value;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await follow(new URL(text), headers, signal);
  } catch (error) {
    if (signal.aborted) {
      return failure(`Get ${JSON.stringify(text)}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)`);
    }
    return failure(`Get ${JSON.stringify(text)}: ${error instanceof Error ? dialError(error, hostPort(host, port)) : String(error)}`);
  }
}
