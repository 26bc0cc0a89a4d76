/** Asks the server of a profile for what it serves beside the API of Kubernetes, as the cluster's administrator. */
import type { JsonValue } from '../../api/json.ts';
import { StatusError } from '../../api/status-error.ts';
import { HttpTransport } from '../../client/http-transport.ts';
import { UserError } from '../cluster-port.ts';
import { openProfile, type VerbContext } from './verb.ts';

export interface ControlCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Such as `/minik/clock`. */
  readonly path: string;
  readonly body?: JsonValue;
  /** Gives the request up. */
  readonly signal?: AbortSignal | undefined;
}

/** Resolves with the answer. Rejects with UserError when the cluster does not run, or refuses. */
export async function askServer(context: VerbContext, profileName: string, call: ControlCall): Promise<JsonValue> {
  const profile = openProfile(context, profileName);
  const quoted = JSON.stringify(profile.name);
  if (profile.settings() === undefined)
    throw new UserError(`there is no profile ${quoted}`, [`"minik start -p ${profile.name}" makes one.`]);
  const server = profile.server();
  if (server === undefined) throw new UserError(`profile ${quoted} is not running`, [`"minik start -p ${profile.name}" starts it.`]);
  const { caPem, certificatePem, keyPem } = profile.credentials();
  const transport = new HttpTransport({
    ...{ server: server.apiUrl, certificateAuthority: caPem, clientCertificate: certificatePem, clientKey: keyPem },
  });
  const { signal, ...rest } = call;
  try {
    return await transport.json({ ...rest, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (error instanceof StatusError) throw new UserError(error.message, [], { cause: error });
    throw error;
  } finally {
    transport.close();
  }
}
