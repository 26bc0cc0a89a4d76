/** `kubectl create token`. Source: kubectl pkg/cmd/create/create_token.go. */

import { StatusError } from '../../../../api/status-error.ts';
import type { HttpCall } from '../../../../client/http-transport.ts';
import { toCompactJson } from '../../../print/json.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { ApiObject, Session } from '../../command/session.ts';
import { objectPrinter, outputFlags } from '../../output/output.ts';
import { resourcePath } from '../../resources/discovery.ts';
import { findResource } from '../../resources/resource-args.ts';
import { nameArgument } from '../../writing/writing.ts';

const boundKinds: Readonly<Record<string, string>> = { Pod: 'v1', Secret: 'v1', Node: 'v1' };

function tokenRequest(session: Session): ApiObject {
  const { flags } = session;
  const kind = flags.string('bound-object-kind');
  const name = flags.string('bound-object-name');
  const uid = flags.string('bound-object-uid');
  const seconds = flags.durationMs('duration') / 1000;
  if (seconds < 0) throw new CommandError('--duration must be greater than or equal to 0');
  if (!Number.isInteger(seconds)) throw new CommandError('--duration cannot be expressed in units less than seconds');
  if (flags.list('audience').some((audience) => audience === '')) throw new CommandError('--audience must not be an empty string');
  if (kind === '' && name !== '') throw new CommandError('--bound-object-name can only be set if --bound-object-kind is provided');
  if (kind === '' && uid !== '') throw new CommandError('--bound-object-uid can only be set if --bound-object-kind is provided');
  if (kind !== '' && boundKinds[kind] === undefined) throw new CommandError('supported --bound-object-kind values are Node, Pod, Secret');
  if (kind !== '' && name === '') throw new CommandError('--bound-object-name is required if --bound-object-kind is provided');
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: {},
    spec: {
      audiences: flags.list('audience'),
      ...(seconds > 0 ? { expirationSeconds: seconds } : {}),
      ...(kind === '' ? {} : { boundObjectRef: { kind, apiVersion: boundKinds[kind] ?? 'v1', name, ...(uid === '' ? {} : { uid }) } }),
    },
  };
}

async function asking(session: Session, call: HttpCall): Promise<ApiObject> {
  try {
    return await session.object(call);
  } catch (error) {
    throw error instanceof StatusError && error.code !== 503 ? new CommandError(`failed to create token: ${error.message}`) : error;
  }
}

export const createToken: KubectlCommand = {
  name: 'token',
  summary: 'Request a service account token',
  usage: 'SERVICE_ACCOUNT_NAME [options]',
  flags: [
    ...outputFlags,
    { name: 'audience', type: 'list', help: 'Audience of the requested token.' },
    { name: 'duration', type: 'duration', fallback: '0s', help: 'Requested lifetime of the issued token.' },
    { name: 'bound-object-kind', type: 'string', help: 'Kind of an object to bind the token to.' },
    { name: 'bound-object-name', type: 'string', help: 'Name of an object to bind the token to.' },
    { name: 'bound-object-uid', type: 'string', help: 'UID of an object to bind the token to.' },
  ],
  run: async (session, flags) => {
    const name = nameArgument(session);
    const printer = objectPrinter(flags, () => ({ group: 'authentication.k8s.io', kind: 'TokenRequest' }));
    const resource = await findResource(session, 'serviceaccounts');
    const answer = await asking(session, {
      method: 'POST',
      path: resourcePath(resource, session.namespace, name, 'token'),
      body: tokenRequest(session),
    });
    const { status } = answer;
    const token = typeof status === 'object' && status !== null && 'token' in status ? status.token : undefined;
    if (typeof token !== 'string' || token === '')
      throw new CommandError(`failed to create token: no token in server response: ${toCompactJson(answer)}`);
    session.out(printer === undefined ? `${token}\n` : printer(answer));
    return 0;
  },
};
