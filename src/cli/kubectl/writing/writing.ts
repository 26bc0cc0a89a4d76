/** Writes objects and prints what was done; the common part of all verbs that change objects. */
import type { JsonValue } from '../../../api/json.ts';
import { ArgumentError } from '../command/flags.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { noPrinter, objectPrinter, outputName, writtenFormats } from '../output/output.ts';
import { resourceName, resourcePath } from '../resources/discovery.ts';
import { type Info, infoPath } from '../resources/infos.ts';
import { type DryRun, dryRunOf, validationOf } from './write-flags.ts';

export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

export interface PatchCall {
  readonly type: (typeof patchTypes)[keyof typeof patchTypes];
  readonly patch: JsonValue;
  /** Sent instead of the patch when the user's text is not JSON; the server then refuses it with its own error. */
  readonly text?: string;
  readonly subresource?: string;
}

const dryRunSuffix: Readonly<Record<DryRun, string>> = { none: '', client: ' (dry run)', server: ' (server dry run)' };

/** One run of a verb that writes: its dry-run mode, field manager, field validation and printer. */
export class Writer {
  readonly session: Session;
  readonly dryRun: DryRun;
  readonly #manager: string;
  readonly #validation: string;
  #printed = 0;

  /**
   * Throws CommandError on a bad flag. `manager` is the default of `--field-manager`; `dryRun` replaces the flag
   * `--dry-run` for verbs without it.
   */
  constructor(session: Session, manager: string, dryRun?: DryRun) {
    this.session = session;
    const { flags } = session;
    this.dryRun = dryRun ?? dryRunOf(flags, (text) => session.err(text));
    this.#manager = flags.given('field-manager') ? flags.string('field-manager') : manager;
    this.#validation = validationOf(flags);
    const output = outputName(flags);
    if (output !== '') objectPrinterOrThrow(session, { group: '', kind: '' });
  }

  #query(extra: Readonly<Record<string, string>> = {}): string {
    const all = {
      ...(this.dryRun === 'server' ? { dryRun: 'All' } : {}),
      fieldManager: this.#manager,
      fieldValidation: this.#validation,
      ...extra,
    };
    const params = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== ''));
    return params.size === 0 ? '' : `?${params}`;
  }

  get(info: Info): Promise<ApiObject> {
    return this.session.object({ method: 'GET', path: infoPath(info) });
  }

  create(info: Info, object: ApiObject = info.object): Promise<ApiObject> {
    const path = `${resourcePath(info.resource, info.namespace)}${this.#query()}`;
    return this.session.object({ method: 'POST', path, body: object });
  }

  replace(info: Info, object: ApiObject, subresource = ''): Promise<ApiObject> {
    return this.session.object({ method: 'PUT', path: `${infoPath(info, subresource)}${this.#query()}`, body: object });
  }

  patch(info: Info, call: PatchCall, query: Readonly<Record<string, string>> = {}): Promise<ApiObject> {
    const path = `${infoPath(info, call.subresource ?? '')}${this.#query(query)}`;
    return this.session.object({ method: 'PATCH', path, contentType: call.type, body: call.patch, text: call.text });
  }

  /** Prints `kind/name operation`, or the object as `-o` asks. */
  print(operation: string, info: Pick<Info, 'resource'>, object: ApiObject, saysDryRun = true): void {
    const { session } = this;
    const format = outputName(session.flags);
    const name = `${resourceName(info.resource)}/${object.metadata?.name || '<unknown>'}`;
    if (format === '') session.out(`${name} ${operation}${saysDryRun ? dryRunSuffix[this.dryRun] : ''}\n`);
    else if (format === 'name') session.out(`${name}\n`);
    else {
      if (format === 'yaml' && this.#printed > 0) session.out('---\n');
      session.out(objectPrinterOrThrow(session, info.resource)(object));
    }
    this.#printed += 1;
  }

  /** Adds the command line as the change-cause annotation when `--record` is given. */
  recorded(object: ApiObject, verb: string): ApiObject {
    if (!this.session.flags.bool('record')) return object;
    const annotations = { ...object.metadata?.annotations, 'kubernetes.io/change-cause': this.changeCause(verb) };
    return { ...object, metadata: { ...object.metadata, annotations } };
  }

  /** Source: cli-runtime pkg/genericclioptions/record_flags.go, parseCommandArguments. */
  changeCause(verb: string): string {
    const { flags } = this.session;
    const given = flags.uses().map(([name, value]) => ` --${name}=${value}`);
    return `kubectl ${[verb, ...flags.args].join(' ')}${given.join('')}`;
  }
}

/** The printer of `-o`, which must name a format. */
function objectPrinterOrThrow(
  session: Session,
  resource: { readonly group: string; readonly kind: string },
): (object: ApiObject) => string {
  const printer = objectPrinter(session.flags, () => resource, writtenFormats);
  if (printer !== undefined) return printer;
  throw noPrinter(session.flags.string('output'), writtenFormats);
}

/**
 * The single NAME that a generator takes. Throws ArgumentError. Source: pkg/cmd/create/create.go NameFromCommandArgs.
 */
export function nameArgument(session: Session): string {
  const { args, dashAt } = session.flags;
  const count = dashAt === -1 ? args.length : dashAt;
  if (count !== 1) throw new ArgumentError(`exactly one NAME is required, got ${count}`);
  return args[0] ?? '';
}
