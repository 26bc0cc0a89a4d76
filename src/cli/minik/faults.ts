/** `minik faults`: adds, lists and removes the rules by which requests, containers and nodes fail. */
import { ruleRows } from '../../api/faults/describe.ts';
import { type FaultReport, type FaultReports, faultsPath } from '../../api/faults/fault-order.ts';
import type { JsonObject } from '../../api/json.ts';
import { isUserError, UserError } from '../cluster-port.ts';
import { renderRows } from '../print/table.ts';
import { askServer } from './control-request.ts';
import { inFlags } from './fault-flags.ts';
import { UsageError } from './usage-error.ts';
import { type CommonOptions, printJson, type VerbContext } from './verb.ts';

export async function addFault(context: VerbContext, body: JsonObject, options: CommonOptions): Promise<number> {
  const answer = await askServer(context, options.profile, { method: 'POST', path: faultsPath, body }).catch((error: unknown) => {
    throw isUserError(error) ? new UserError(inFlags(error.message), error.hints, { cause: error }) : error;
  });
  // The server answers with the rule.
  const report = answer as unknown as FaultReport;
  if (options.output === 'json') printJson(context.terminal, report);
  else context.terminal.out(renderRows(ruleRows([report])));
  return 0;
}

export async function listFaults(context: VerbContext, options: CommonOptions): Promise<number> {
  // The server answers with the rules.
  const reports = (await askServer(context, options.profile, { method: 'GET', path: faultsPath })) as unknown as FaultReports;
  if (options.output === 'json') printJson(context.terminal, reports);
  else if (reports.rules.length > 0) context.terminal.out(renderRows(ruleRows(reports.rules)));
  else context.terminal.err('There are no faults.\n');
  return 0;
}

/** `name`: undefined removes all. */
export async function removeFaults(context: VerbContext, name: string | undefined, options: CommonOptions): Promise<number> {
  const { terminal } = context;
  if (name === '') throw new UsageError('the name of a fault cannot be empty', ['To remove every fault: minik faults remove --all']);
  const path = name === undefined ? faultsPath : `${faultsPath}/${encodeURIComponent(name)}`;
  const answer: unknown = await askServer(context, options.profile, { method: 'DELETE', path });
  // The server answers with what it has removed.
  const removed = name === undefined ? (answer as Pick<FaultReports, 'rules'>).rules : [answer as FaultReport];
  if (options.output === 'json') printJson(terminal, { rules: removed });
  else if (removed.length === 0) terminal.err('There are no faults.\n');
  else for (const each of removed) terminal.out(`Removed ${each.name}, which struck ${each.struck} of ${each.selected}.\n`);
  return 0;
}
