/** `kubectl describe`. Source: kubectl pkg/cmd/describe/describe.go. */
import { isNotFound, StatusError } from '../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import { statusText } from '../command/status-text.ts';
import type { DescribeContext, Describer } from '../kinds/describe/context.ts';
import { describeGeneric } from '../kinds/describe/generic.ts';
import { traitsOf } from '../kinds/kinds.ts';
import { type ApiResource, resourcePath } from '../resources/discovery.ts';
import { itemsOf, listAll, listError } from '../resources/list.ts';
import { type ResourceSelection, selectResources } from '../resources/resource-args.ts';

interface Found {
  readonly selection: ResourceSelection;
  readonly namespace: string;
  readonly name: string;
}

async function collection(session: Session, selection: ResourceSelection, flags: Flags): Promise<readonly Found[]> {
  const path = resourcePath(selection.resource, selection.namespace);
  const query = { selector: flags.string('selector'), fieldSelector: '', limit: flags.int('chunk-size') };
  const pages = await listAll(session, path, query).catch((error: unknown) => {
    throw listError(error, selection.resource, query);
  });
  const items = pages.flatMap((page) => itemsOf(page));
  return items.map(({ metadata }) => ({ selection, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' }));
}

/** The objects that the arguments select. For objects that do not exist, errors are added to `errors`. */
async function find(
  session: Session,
  selections: readonly ResourceSelection[],
  flags: Flags,
  errors: StatusError[],
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const selection of selections) {
    if (selection.names === undefined) {
      found.push(...(await collection(session, selection, flags)));
      continue;
    }
    for (const name of selection.names) {
      try {
        await session.object({ method: 'GET', path: resourcePath(selection.resource, selection.namespace, name) });
        found.push({ selection, namespace: selection.namespace, name });
      } catch (error) {
        if (!(error instanceof StatusError) || error.code === 503) throw error;
        errors.push(error);
      }
    }
  }
  return found;
}

/**
 * The describer of the resource's kind, or the one for any object. Source: kubectl pkg/describe/describe.go
 * (describerMap).
 */
async function describerOf(resource: ApiResource): Promise<Describer> {
  const traits = traitsOf(resource);
  return traits?.describer !== undefined && resource.group === traits.groups[0] ? traits.describer() : describeGeneric;
}

/** Reads the object again, so that the description shows its current state. */
async function describeOne(context: DescribeContext, { selection, namespace, name }: Found): Promise<string> {
  const { resource } = selection;
  const object = await context.session.object({ method: 'GET', path: resourcePath(resource, namespace, name) });
  return (await describerOf(resource))(object, context, resource);
}

async function describePrefix(
  context: DescribeContext,
  selections: readonly ResourceSelection[],
  prefix: string,
  original: StatusError,
  flags: Flags,
): Promise<number> {
  const [selection, ...more] = selections;
  if (selection === undefined || more.length > 0) throw original;
  const matching = (await collection(context.session, { ...selection, names: undefined }, flags)).filter(({ name }) =>
    name.startsWith(prefix),
  );
  if (matching.length === 0) throw original;
  for (const found of matching) context.session.out(`${await describeOne(context, found)}\n`);
  return 0;
}

function report(session: Session, errors: readonly StatusError[]): number {
  for (const text of new Set(errors.map(statusText))) session.err(`${text}\n`);
  return errors.length > 0 ? 1 : 0;
}

async function describeFound(context: DescribeContext, found: readonly Found[], errors: StatusError[]): Promise<number> {
  let first = true;
  for (const one of found) {
    try {
      const text = await describeOne(context, one);
      context.session.out(first ? text : `\n\n${text}`);
      first = false;
    } catch (error) {
      if (!(error instanceof StatusError) || error.code === 503) throw error;
      errors.push(error);
    }
  }
  return report(context.session, errors);
}

export const describe: KubectlCommand = {
  name: 'describe',
  summary: 'Show details of a specific resource or group of resources',
  usage: '(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]',
  flags: [
    { name: 'all-namespaces', short: 'A', type: 'bool', help: 'If present, list the requested object(s) across all namespaces.' },
    { name: 'selector', short: 'l', type: 'string', help: 'Selector (label query) to filter on' },
    { name: 'filename', short: 'f', type: 'list', help: 'Filename, directory, or URL to files containing the resource to describe' },
    { name: 'kustomize', short: 'k', type: 'string', help: 'Process the kustomization directory.' },
    { name: 'recursive', short: 'R', type: 'bool', help: 'Process the directory used in -f, --filename recursively.' },
    { name: 'show-events', type: 'bool', fallback: 'true', help: 'If true, display events related to the described object.' },
    { name: 'chunk-size', type: 'int', fallback: '500', help: 'Return large lists in chunks rather than all at once. Pass 0 to disable.' },
  ],
  run: async (session, flags) => {
    if (flags.args.length === 0 && !flags.given('filename')) {
      throw new CommandError(
        'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
      );
    }
    const selections = await selectResources(session, flags.args, { allNamespaces: true, collections: true });
    const errors: StatusError[] = [];
    const found = await find(session, selections, flags, errors);
    const several = errors.length > 0 || found.length > 1;
    const showEvents = flags.given('show-events') ? flags.bool('show-events') : !several;
    const context: DescribeContext = { session, showEvents, chunkSize: flags.int('chunk-size'), nowMs: Date.now() };
    const [missing] = errors;
    if (missing !== undefined && isNotFound(missing) && flags.args.length === 2) {
      return describePrefix(context, selections, flags.args[1] ?? '', missing, flags);
    }
    if (found.length === 0 && errors.length === 0) {
      session.err(flags.bool('all-namespaces') ? 'No resources found\n' : `No resources found in ${session.namespace} namespace.\n`);
      return 0;
    }
    return describeFound(context, found, errors);
  },
};
