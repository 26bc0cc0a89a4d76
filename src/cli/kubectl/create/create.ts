/** `kubectl create`: from files, or from a generator below it. Source: kubectl pkg/cmd/create/create.go. */
import { readFileSync } from 'node:fs';
import { CommandError, type KubectlCommand } from '../command.ts';
import { ArgumentError } from '../flags.ts';
import { visitInfos, withSource } from '../infos.ts';
import { manifestFilter } from '../label-filter.ts';
import { withUpdatedLastApplied } from '../last-applied.ts';
import type { Session } from '../session.ts';
import { filenameFlags, recordFlag, requireFilename, saveConfigFlag, selectorFlag, validateFlag, writeFlags } from '../write-flags.ts';
import { Writer } from '../writing.ts';
import { createConfigMap } from './config-map.ts';
import { createDeployment } from './deployment.ts';
import { createNamespace } from './namespace.ts';
import { createSecret } from './secret.ts';
import { createService } from './service.ts';
import { createServiceAccount } from './service-account.ts';
import { createToken } from './token.ts';

async function createRaw(session: Session): Promise<number> {
  const [file = '', ...more] = session.flags.list('filename');
  if (more.length > 0 || file === '') throw new CommandError('--raw can only use a single local file or stdin');
  const chunks: Buffer[] = [];
  if (file === '-') for await (const chunk of session.terminal.stdin) chunks.push(Buffer.from(chunk));
  else chunks.push(readFileSync(file));
  const answer = await session.request({
    method: 'POST',
    path: session.flags.string('raw'),
    body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
  });
  session.out(JSON.stringify(answer));
  return 0;
}

async function createFromFiles(session: Session): Promise<number> {
  const { flags } = session;
  const writer = new Writer(session, 'kubectl-create');
  const filter = manifestFilter(session);
  const count = await visitInfos(session, [], filter === undefined ? {} : { filterManifests: filter }, async (info) => {
    try {
      const object = writer.recorded(withUpdatedLastApplied(flags.bool('save-config'), info.object), 'create');
      writer.print('created', info, writer.dryRun === 'client' ? object : await writer.create(info, object));
    } catch (error) {
      throw withSource('creating', info.source, error);
    }
  });
  if (count === 0) throw new CommandError('no objects passed to create');
  return 0;
}

export const create: KubectlCommand = {
  name: 'create',
  summary: 'Create a resource from a file or from stdin',
  usage: '-f FILENAME [options]',
  flags: [
    ...filenameFlags,
    ...writeFlags,
    validateFlag,
    saveConfigFlag,
    recordFlag,
    selectorFlag,
    { name: 'raw', type: 'string', help: 'Raw URI to POST to the server.' },
  ],
  subcommands: [createNamespace, createConfigMap, createSecret, createServiceAccount, createService, createDeployment, createToken],
  run: async (session, flags) => {
    if (flags.list('filename').length === 0 && !flags.given('kustomize')) {
      const [word] = flags.args;
      if (word !== undefined) throw new ArgumentError(`Unexpected args: [${flags.args.join(' ')}]`);
      throw new CommandError('must specify one of -f and -k');
    }
    requireFilename(flags);
    if (flags.args.length > 0) throw new ArgumentError(`Unexpected args: [${flags.args.join(' ')}]`);
    return flags.given('raw') ? createRaw(session) : createFromFiles(session);
  },
};
