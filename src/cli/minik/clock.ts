/** `minik clock`: shows, freezes and moves the time of a simulated cluster. */
import { type ClockReading, clockOrder, clockPath } from '../../api/cluster-time.ts';
import { goDurationText } from '../../api/go-duration.ts';
import type { JsonObject } from '../../api/json.ts';
import { askServer } from './control-request.ts';
import { UsageError } from './usage-error.ts';
import { type CommonOptions, printJson, type VerbContext } from './verb.ts';

/** Checks what is going to be asked before a server is. Throws UsageError. */
function checked(order: JsonObject): JsonObject {
  const read = clockOrder(order);
  if ('problem' in read) throw new UsageError(read.problem.replace(/^(by|to)(:| must be) /, ''), ['"minik help clock" tells more.']);
  return order;
}

export const clockAdvance = (by = ''): JsonObject => checked({ action: 'advance', by });
export const clockSetting = (to = ''): JsonObject => checked({ action: 'set', to });

function describe({ now, frozen, aheadMs, adjustable, timers, tookMs }: ClockReading): string {
  const aheadS = Math.round(aheadMs / 1000);
  const distance =
    aheadS === 0 ? '' : `, ${goDurationText(Math.abs(aheadS) * 1000)} ${aheadS > 0 ? 'ahead of' : 'behind'} the host's clock`;
  const work = timers === undefined ? '' : ` (${timers} timers in ${((tookMs ?? 0) / 1000).toFixed(2)} s)`;
  return `${now.slice(0, 19)}Z, ${adjustable ? (frozen ? 'frozen' : 'running') : "the host's clock"}${distance}${work}\n`;
}

function print({ terminal }: VerbContext, { output }: CommonOptions, answer: unknown): number {
  // The server answers with a reading.
  const reading = answer as ClockReading;
  if (output === 'json') printJson(terminal, reading);
  else terminal.out(describe(reading));
  return 0;
}

export async function showClock(context: VerbContext, options: CommonOptions): Promise<number> {
  return print(context, options, await askServer(context, options.profile, { method: 'GET', path: clockPath }));
}

/** `signal` gives the request up: the clock stays where it is then. Resolves with the exit code. */
export async function moveClock(context: VerbContext, body: JsonObject, options: CommonOptions, signal?: AbortSignal): Promise<number> {
  try {
    return print(context, options, await askServer(context, options.profile, { method: 'POST', path: clockPath, body, signal }));
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    await showClock(context, options);
    return interruptedExitCode;
  }
}

/** The exit code that a shell reports for a command that SIGINT has ended. */
const interruptedExitCode = 130;
