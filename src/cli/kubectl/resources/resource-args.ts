/**
 * Parses the arguments that select the objects of a verb: `TYPE NAME…`, `TYPE/NAME…`, `TYPE,TYPE`, files, selectors.
 * Source: cli-runtime pkg/resource/builder.go.
 */
import { CommandError } from '../command/command.ts';
import { type Flags, UsageError } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import type { ApiResource, Discovery } from './discovery.ts';
import { readManifests } from './manifests.ts';

/** Either named objects of one resource, or a whole collection (`names` undefined). */
export interface ResourceSelection {
  readonly resource: ApiResource;
  readonly names: readonly string[] | undefined;
  /** '' for all namespaces or cluster scope. */
  readonly namespace: string;
  /** The object from the file. */
  readonly manifest?: ApiObject;
  /** Where the manifest came from, for messages. */
  readonly source?: string;
}

export interface SelectionOptions {
  /** The verb accepts `-A`. */
  readonly allNamespaces?: boolean;
  /** Whether a type without names means the whole collection. */
  readonly collections?: boolean;
  /** The verb uses `--selector` for something else than to select objects. */
  readonly ignoreSelector?: boolean;
}

/** The error for an unknown type. As upstream, it leaves out the group or version of the user's word. */
const noType = (word: string): CommandError =>
  new CommandError(`the server doesn't have a resource type ${JSON.stringify(word.split('.')[0] ?? '')}`);

/** The resource of a user's word. Rejects with CommandError when the server has none. */
export async function findResource(session: Session, word: string): Promise<ApiResource> {
  const found = (await session.discovery).find(word);
  if (found === undefined) throw noType(word);
  return found;
}

/** The resources of comma-separated types, with categories expanded. */
function findResources(discovery: Discovery, words: string): readonly ApiResource[] {
  return words.split(',').flatMap((word) => {
    const members = discovery.category(word);
    if (members.length > 0) return members;
    const found = discovery.find(word);
    if (found === undefined) throw noType(word);
    return [found];
  });
}

/** The resource that a manifest's object belongs to. Rejects with kubectl's text when the server does not know it. */
export async function resourceOfManifest(session: Session, object: ApiObject, source: string): Promise<ApiResource> {
  const apiVersion = object.apiVersion ?? '';
  const kind = object.kind ?? '';
  const found = (await session.discovery).byKind(apiVersion, kind);
  if (found !== undefined) return found;
  const name = object.metadata?.name ?? '';
  const namespace = object.metadata?.namespace ?? session.namespace;
  throw new CommandError(
    `resource mapping not found for name: ${JSON.stringify(name)} namespace: ${JSON.stringify(object.metadata?.namespace ?? '')} from ${JSON.stringify(source)}: no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}\nensure CRDs are installed first`.replace(
      'namespace: undefined',
      `namespace: ${JSON.stringify(namespace)}`,
    ),
  );
}

/** The namespace of a manifest's object, which must agree with `-n`. */
export function namespaceOfManifest(session: Session, resource: ApiResource, object: ApiObject): string {
  if (!resource.namespaced) return '';
  const own = object.metadata?.namespace ?? '';
  if (own !== '' && session.namespaceGiven && own !== session.namespace) {
    throw new CommandError(
      `the namespace from the provided object ${JSON.stringify(own)} does not match the namespace ${JSON.stringify(session.namespace)}. You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  return own === '' ? session.namespace : own;
}

async function fromFiles(session: Session, flags: Flags): Promise<ResourceSelection[]> {
  const selections: ResourceSelection[] = [];
  for (const { object, source } of await readManifests(session, flags.list('filename'), flags.bool('recursive'))) {
    const resource = await resourceOfManifest(session, object, source);
    const name = object.metadata?.name ?? '';
    if (name === '' && (object.metadata?.generateName ?? '') === '')
      throw new CommandError(`error when retrieving current configuration of:\nresource name may not be empty`);
    selections.push({ resource, names: [name], namespace: namespaceOfManifest(session, resource, object), manifest: object, source });
  }
  return selections;
}

const mixed =
  "there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'";

function fromNamedPairs(discovery: Discovery, args: readonly string[], namespaceOf: (r: ApiResource) => string): ResourceSelection[] {
  return args.map((arg) => {
    const [type = '', name = '', ...more] = arg.split('/');
    if (!arg.includes('/')) throw new CommandError(mixed);
    if (more.length > 0) throw new CommandError('arguments in resource/name form may not have more than one slash');
    if (type === '' || name === '') throw new CommandError(`arguments in resource/name form must have a single resource and name`);
    const resource = discovery.find(type);
    if (resource === undefined) throw noType(type);
    return { resource, names: [name], namespace: namespaceOf(resource) };
  });
}

/** Parses the arguments of a verb. Rejects with CommandError or UsageError with kubectl's texts. */
export async function selectResources(
  session: Session,
  args: readonly string[],
  options: SelectionOptions = {},
): Promise<readonly ResourceSelection[]> {
  const { flags } = session;
  if (flags.given('filename')) {
    if (args.length > 0)
      throw new CommandError('when paths, URLs, or stdin is provided as input, you may not specify resource arguments as well');
    return fromFiles(session, flags);
  }
  const first = args[0];
  if (first === undefined)
    throw new UsageError(
      'You must specify the type of resource to get. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  const everywhere = options.allNamespaces === true && flags.bool('all-namespaces');
  const namespaceOf = (resource: ApiResource): string => (resource.namespaced && !everywhere ? session.namespace : '');
  const discovery = await session.discovery;
  const names = args.slice(1);
  if (first.includes('/')) {
    if (everywhere) throw new CommandError('a resource cannot be retrieved by name across all namespaces');
    return fromNamedPairs(discovery, args, namespaceOf);
  }
  if (names.some((name) => name.includes('/'))) throw new CommandError(mixed);
  const resources = findResources(discovery, first);
  if (names.length > 0) {
    if (resources.length > first.split(',').length) throw new CommandError('you must specify only one resource');
    if (everywhere) throw new CommandError('a resource cannot be retrieved by name across all namespaces');
    if ((flags.given('selector') || flags.given('field-selector')) && options.ignoreSelector !== true)
      throw new CommandError('name cannot be provided when a selector is specified');
    return resources.map((resource) => ({ resource, names, namespace: namespaceOf(resource) }));
  }
  if (options.collections !== true && !flags.given('selector') && !flags.bool('all') && !flags.given('field-selector')) {
    throw new CommandError('resource(s) were provided, but no name was specified');
  }
  return resources.map((resource) => ({ resource, names: undefined, namespace: namespaceOf(resource) }));
}

/** The single object that the arguments of a verb like `logs` or `exec` name; TYPE defaults to pods. */
export async function selectOne(
  session: Session,
  arg: string,
  defaultType = 'pods',
): Promise<{ readonly resource: ApiResource; readonly name: string }> {
  const [type = '', name] = arg.includes('/') ? arg.split('/', 2) : [defaultType, arg];
  return { resource: await findResource(session, type), name: name ?? '' };
}
