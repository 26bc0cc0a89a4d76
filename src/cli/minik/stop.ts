/** `minik stop`: ends the server. The pods' containers keep running, and the next start adopts them. */
import { UserError } from '../cluster-port.ts';
import { Progress } from '../terminal.ts';
import { stopServer } from './server-process.ts';
import { type CommonOptions, openProfile, printJson, type VerbContext } from './verb.ts';

export async function stop(context: VerbContext, options: CommonOptions): Promise<number> {
  const { terminal } = context;
  const profile = openProfile(context, options.profile);
  if (profile.settings() === undefined)
    throw new UserError(`there is no profile ${JSON.stringify(profile.name)}`, [`"minik start -p ${profile.name}" makes one.`]);
  const progress = new Progress(terminal, options.output === 'json');
  const release = profile.lock('stop');
  try {
    if (profile.server() !== undefined || profile.guard() !== undefined) progress.step(`Stopping the cluster "${profile.name}"`);
    const wasRunning = await stopServer(profile);
    progress.done();
    if (options.output === 'json') printJson(terminal, { profile: profile.name, state: 'Stopped', wasRunning });
    else if (!wasRunning) terminal.err(`minik: profile ${JSON.stringify(profile.name)} was not running.\n`);
    return 0;
  } finally {
    release();
  }
}
