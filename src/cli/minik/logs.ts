/** `minik logs`: prints the server's own log. */
import { createReadStream, existsSync, readFileSync, statSync, watch } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { UserError } from '../cluster-port.ts';
import { type CommonOptions, openProfile, type VerbContext } from './verb.ts';

export interface LogsOptions extends CommonOptions {
  readonly follow: boolean;
  /** How many lines from the end; 0: all. */
  readonly lines: number;
}

export async function logs(context: VerbContext, options: LogsOptions, signal: AbortSignal): Promise<number> {
  const { terminal } = context;
  const { logFile, name } = openProfile(context, options.profile);
  if (!existsSync(logFile)) throw new UserError(`profile ${JSON.stringify(name)} has no log`, [`"minik start -p ${name}" begins one.`]);
  const text = readFileSync(logFile, 'utf8');
  const lines = text.split('\n');
  terminal.out(options.lines === 0 ? text : lines.slice(-options.lines - 1).join('\n'));
  if (!options.follow) return 0;
  let position = Buffer.byteLength(text);
  const sink = (): Writable =>
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        position += chunk.length;
        terminal.out(chunk.toString('utf8'));
        done();
      },
    });
  const changes = watch(logFile, { signal });
  let reading: Promise<void> = Promise.resolve();
  const readOn = async (): Promise<void> => {
    if (statSync(logFile).size > position) await pipeline(createReadStream(logFile, { start: position }), sink());
  };
  return new Promise((resolve, reject) => {
    changes.on('change', () => {
      reading = reading.then(readOn).catch(reject);
    });
    changes.on('error', (error) => (signal.aborted ? resolve(0) : reject(error)));
    changes.on('close', () => resolve(0));
  });
}
