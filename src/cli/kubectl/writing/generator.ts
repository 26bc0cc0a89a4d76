/** The common part of all generators of `kubectl create`: flags, and sending or printing the generated object. */
import type { JsonObject } from '../../../api/json.ts';
import { StatusError } from '../../../api/status-error.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { FlagSpec, Flags } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { type ApiResource, groupResource } from '../resources/discovery.ts';
import { resourceOfManifest } from '../resources/resource-args.ts';
import { withUpdatedLastApplied } from './last-applied.ts';
import { saveConfigFlag, validateFlag, writeFlags } from './write-flags.ts';
import { nameArgument, Writer } from './writing.ts';

/** The assumed properties of a resource that the server may not serve. */
export interface ResourceGuess {
  readonly plural: string;
  readonly namespaced: boolean;
}

function guessed({ apiVersion = '', kind = '' }: ApiObject, guess: ResourceGuess): ApiResource {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const names = { ...guess, singular: kind.toLowerCase(), shortNames: [], categories: [] };
  return { group, version: version ?? '', kind, ...names, verbs: [], subresources: [] };
}

export interface Generator {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly usage: string;
  readonly flags?: readonly FlagSpec[];
  /** The words in the error text `failed to create <what> …`; empty: the server's error is printed unchanged. */
  readonly what: string;
  /** The resource to assume when the server's discovery does not have it. */
  readonly resource?: ResourceGuess;
  /** The object without a namespace. Throws CommandError. */
  generate(name: string, flags: Flags, session: Session): ApiObject;
}

/** The flags of all generators. */
export const generatorFlags: readonly FlagSpec[] = [...writeFlags('kubectl-create'), validateFlag, saveConfigFlag];

/** Creates one object made by a generator, in the namespace of the request. */
export async function createObject(session: Session, object: ApiObject, what: string, guess?: ResourceGuess): Promise<number> {
  const writer = new Writer(session, 'kubectl-create');
  const scoped = guess?.namespaced === false ? object : placed(session, object);
  const noted = withUpdatedLastApplied(session.flags.bool('save-config'), scoped);
  const served = guess === undefined ? undefined : (await session.discovery).byKind(object.apiVersion ?? '', object.kind ?? '');
  const resource = served ?? (guess === undefined ? await resourceOfManifest(session, noted, '') : guessed(object, guess));
  const info = {
    resource,
    namespace: resource.namespaced ? session.namespace : '',
    name: object.metadata?.name ?? '',
    object: noted,
    source: '',
  };
  if (writer.dryRun === 'client') {
    writer.print('created', info, noted);
    return 0;
  }
  try {
    writer.print('created', info, await writer.create(info));
  } catch (error) {
    if (what === '' || !(error instanceof StatusError) || error.code === 503) throw error;
    const unserved = served === undefined && guess !== undefined && error.code === 404;
    const call = unserved ? ` (post ${groupResource(resource)})` : '';
    throw new CommandError(`failed to create ${what} ${error.message}${call}`);
  }
  return 0;
}

/** Sets the object's namespace only if the user gave one, as upstream's generators do. */
const placed = (session: Session, object: ApiObject): ApiObject =>
  session.namespaceGiven && object.kind !== 'Namespace'
    ? { ...object, metadata: { ...object.metadata, namespace: session.namespace } }
    : object;

/** The command of a generator that takes one NAME. */
export const generatorCommand = (generator: Generator): KubectlCommand => ({
  name: generator.name,
  ...(generator.aliases === undefined ? {} : { aliases: generator.aliases }),
  summary: generator.summary,
  usage: generator.usage,
  flags: [...generatorFlags, ...(generator.flags ?? [])],
  run: async (session, flags) =>
    createObject(session, generator.generate(nameArgument(session), flags, session), generator.what, generator.resource),
});

/** Leaves out the values that Go's encoder omits (`omitempty`): undefined, '', 0, false, empty lists and maps. */
export function compact(fields: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => {
      if (value === undefined || value === null || value === '' || value === 0 || value === false) return false;
      return typeof value !== 'object' || Object.keys(value).length > 0;
    }),
  );
}

/** Go's `strconv.Atoi`. Throws CommandError with Go's text. */
export function atoi(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new CommandError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
