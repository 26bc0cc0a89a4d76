/**
 * Finds the objects that a verb works on, one after another. A failure for one object does not prevent work on the
 * others. Source: cli-runtime pkg/resource/{builder,visitor,result}.go.
 */
import { isNotFound, StatusError } from '../../../api/status-error.ts';
import { CommandError } from '../command/command.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { statusText } from '../command/status-text.ts';
import { type ApiResource, apiVersionOf, resourcePath } from './discovery.ts';
import { listError, listObjects } from './list.ts';
import { readManifestsOneByOne } from './manifests.ts';
import { namespaceOfManifest, resourceOfManifest, selectResources } from './resource-args.ts';

/** One object to work on. */
export interface Info {
  readonly resource: ApiResource;
  /** '' for cluster scope. */
  readonly namespace: string;
  readonly name: string;
  /** The object from the file, or from the server. */
  readonly object: ApiObject;
  /** File name, URL or `STDIN`; '' when the object was named by an argument. */
  readonly source: string;
}

export interface InfoOptions {
  readonly allNamespaces?: boolean;
  /** Whether a type without names stands for the whole collection. */
  readonly collections?: boolean;
  /** The verb uses `--selector` for something else than to select objects. */
  readonly ignoreSelector?: boolean;
  /** Objects that come from files are read from the server, too. */
  readonly latest?: boolean;
  /** False: named objects are not read from the server, only their names are used. Default true. */
  readonly requireObject?: boolean;
  /** Objects that do not exist are skipped without an error. */
  readonly ignoreNotFound?: boolean;
  /**
   * The error for objects of a kind that the verb refuses; undefined for accepted kinds. `suffix` is `List` for a
   * collection. Default: all kinds are accepted.
   */
  readonly refuse?: (resource: ApiResource, suffix: string) => Promise<CommandError | undefined>;
  /** Selects the objects of files whose labels match `-l`. */
  readonly filterManifests?: (object: ApiObject) => boolean;
}

/** The path of an object, or of a sub-resource of it. */
export const infoPath = (info: Pick<Info, 'resource' | 'namespace' | 'name'>, subresource = ''): string =>
  resourcePath(info.resource, info.namespace, info.name, subresource);

/** The object with its namespace filled in, as kubectl sends and saves it. */
const inNamespace = (object: ApiObject, namespace: string): ApiObject =>
  namespace === '' || object.metadata?.namespace === namespace ? object : { ...object, metadata: { ...object.metadata, namespace } };

async function* manifestInfos(session: Session, options: InfoOptions): AsyncGenerator<Info | Error> {
  const { flags } = session;
  for await (const entry of readManifestsOneByOne(session, flags.list('filename'), flags.bool('recursive'))) {
    if (entry instanceof Error) {
      yield entry;
      continue;
    }
    const { object, source } = entry;
    if (options.filterManifests !== undefined && !options.filterManifests(object)) continue;
    try {
      const resource = await resourceOfManifest(session, object, source);
      const refusal = await options.refuse?.(resource, '');
      if (refusal !== undefined) throw new CommandError(`unable to decode ${JSON.stringify(source)}: ${refusal.message}`);
      const namespace = namespaceOfManifest(session, resource, object);
      const info: Info = {
        resource,
        namespace,
        name: object.metadata?.name ?? '',
        object: flags.bool('local') ? object : inNamespace(object, namespace),
        source,
      };
      yield options.latest === true && !flags.bool('local')
        ? { ...info, object: await session.object({ method: 'GET', path: infoPath(info) }) }
        : info;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      yield error;
    }
  }
}

async function* namedInfos(session: Session, args: readonly string[], options: InfoOptions): AsyncGenerator<Info | Error> {
  const { flags } = session;
  const query = { labelSelector: flags.string('selector'), fieldSelector: flags.string('field-selector') };
  for (const { resource, names, namespace } of await selectResources(session, args, options)) {
    const refusal = await options.refuse?.(resource, names === undefined ? 'List' : '');
    try {
      if (names === undefined) {
        for await (const object of listObjects(session, resourcePath(resource, namespace), query)) {
          if (refusal === undefined)
            yield { resource, namespace: object.metadata?.namespace ?? '', name: object.metadata?.name ?? '', object, source: '' };
        }
        if (refusal !== undefined) yield refusal;
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      yield listError(error, resource, { selector: query.labelSelector, fieldSelector: query.fieldSelector });
    }
    for (const name of names ?? []) {
      const bare: ApiObject = {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        metadata: { name, ...(namespace === '' ? {} : { namespace }) },
      };
      const info: Info = { resource, namespace, name, object: bare, source: '' };
      if (options.requireObject === false) {
        yield info;
        continue;
      }
      try {
        const object = await session.object({ method: 'GET', path: infoPath(info) });
        yield refusal ?? { ...info, object };
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        yield error;
      }
    }
  }
}

/** The error when neither arguments nor files name any object. */
export const nothingNamed = `You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'`;

/** Yields objects and failures, in order. Rejects with CommandError or UsageError when the arguments are invalid. */
export async function* infosOf(session: Session, args: readonly string[], options: InfoOptions = {}): AsyncGenerator<Info | Error> {
  if (session.flags.given('filename') && args.length > 0) {
    throw new CommandError('when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well');
  }
  if (!session.flags.given('filename') && args.length === 0) throw new CommandError(nothingNamed);
  const source = session.flags.given('filename') ? manifestInfos(session, options) : namedInfos(session, args, options);
  for await (const info of source) {
    if (info instanceof Error && options.ignoreNotFound === true && isNotFound(info)) continue;
    yield info;
  }
}

/** Calls a function for every object, continues after failures, and throws the failures at the end. */
export async function visitInfos(
  session: Session,
  args: readonly string[],
  options: InfoOptions,
  visit: (info: Info) => Promise<void>,
): Promise<number> {
  const errors: Error[] = [];
  let count = 0;
  for await (const info of infosOf(session, args, options)) {
    if (info instanceof Error) {
      errors.push(info);
      continue;
    }
    count += 1;
    try {
      await visit(info);
    } catch (error) {
      if (!(error instanceof Error) || session.signal.aborted) throw error;
      if (options.ignoreNotFound === true && isNotFound(error)) continue;
      errors.push(error);
    }
  }
  throwAll(session, errors);
  return count;
}

/** Reads all objects first; failures are thrown. */
export async function collectInfos(session: Session, args: readonly string[], options: InfoOptions = {}): Promise<readonly Info[]> {
  const infos: Info[] = [];
  await visitInfos(session, args, options, async (info) => {
    infos.push(info);
  });
  return infos;
}

/**
 * Throws a single failure unchanged. Prints several failures, one per line, and ends with exit code 1. Source:
 * helpers.go MultipleErrors.
 */
export function throwAll(session: Session, errors: readonly Error[]): void {
  const [first, ...more] = errors;
  if (first === undefined) return;
  if (more.length === 0) throw first;
  for (const error of errors) session.err(`${error instanceof StatusError ? aggregatedText(error) : error.message}\n`);
  throw new CommandError('');
}

const aggregatedText = (error: StatusError): string =>
  error.reason === 'Invalid' ? `Error from server (Invalid): ${error.message}` : statusText(error);

/** Adds the file's name to a failure. Source: helpers.go AddSourceToErr. */
export function withSource(verb: string, source: string, error: unknown): unknown {
  if (source === '' || !(error instanceof Error)) return error;
  const prefix = `error when ${verb} ${JSON.stringify(source)}: `;
  if (error instanceof StatusError)
    return new StatusError({ ...error.status, message: `${prefix}${error.message}` }, { cause: error.cause });
  if (error instanceof CommandError) return new CommandError(`${prefix}${error.message}`, error.exitCode);
  return error;
}

/** How upstream's messages describe an object. Source: cli-runtime pkg/resource/visitor.go Info.String. */
export function describeInfo({ resource, namespace, name }: Info): string {
  const groupVersion = `${resource.group}/${resource.version}`;
  const mapping = `Resource: ${JSON.stringify(`${groupVersion}, Resource=${resource.plural}`)}, GroupVersionKind: ${JSON.stringify(`${groupVersion}, Kind=${resource.kind}`)}`;
  return `${mapping}\nName: ${JSON.stringify(name)}, Namespace: ${JSON.stringify(namespace)}`;
}
