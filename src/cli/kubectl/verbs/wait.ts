/** `kubectl wait`. Source: kubectl pkg/cmd/wait. */
import { isNotFound } from '../../../api/status-error.ts';
import { relaxedJsonPath } from '../../print/custom-columns.ts';
import { parseJsonPath } from '../../print/jsonpath.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { outputFlags } from '../output/output.ts';
import { collectInfos, type Info, type InfoOptions, visitInfos } from '../resources/infos.ts';
import { watchUntil } from '../waiting/watch-until.ts';
import { defaultDeletionTimeoutMs, waitUntilGone } from '../writing/deletion.ts';
import { allNamespacesFlag, fieldSelectorFlag, filenameFlags, selectorFlag } from '../writing/write-flags.ts';
import { Writer } from '../writing/writing.ts';

type Check = (object: ApiObject) => boolean;

interface Awaited {
  readonly type: 'create' | 'delete' | 'check';
  readonly check?: Check;
}

interface Conditioned {
  readonly metadata?: { readonly generation?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly { readonly type?: string; readonly status?: string; readonly observedGeneration?: number }[];
  };
}

/** `condition=Name[=value]`; a condition with an outdated `observedGeneration` does not count. */
function conditionCheck(text: string): Check {
  const [name = '', value = 'true'] = text.split('=', 2);
  return (object) => {
    const { metadata, status } = object as unknown as Conditioned; // conditions have this shape in every kind
    const found = status?.conditions?.find((c) => c.type?.toLowerCase() === name.toLowerCase() && c.status !== undefined);
    if (found === undefined) return false;
    const observed = found.observedGeneration ?? status?.observedGeneration;
    if (metadata?.generation !== undefined && observed !== undefined && observed < metadata.generation) return false;
    return found.status?.toLowerCase() === value.toLowerCase();
  };
}

/** Splits at single equal signs; `==` belongs to a filter. */
function splitPath(text: string): readonly string[] {
  const parts: string[] = [''];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '=' && text[i + 1] !== '=') {
      parts.push('');
      continue;
    }
    const isDouble = text[i] === '=';
    parts[parts.length - 1] += isDouble ? '==' : (text[i] ?? '');
    if (isDouble) i += 1;
  }
  return parts;
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function jsonPathCheck(text: string): Check {
  const parts = splitPath(text);
  const [path = '', raw] = parts;
  if (parts.length > 2)
    throw new CommandError(
      "jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'",
    );
  if (path === '') throw new CommandError('jsonpath expression cannot be empty');
  const value = raw?.replace(/^['"]+|['"]+$/g, '');
  if (value === '')
    throw new CommandError("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3");
  const expression = parseJsonPath(relaxedJsonPath(path), { allowMissing: true });
  return (object) => {
    const found: readonly unknown[] = expression.find(object);
    if (found.length === 0) return false;
    if (found.length > 1) throw new CommandError('given jsonpath expression matches more than one value');
    const [only] = found;
    if (typeof only === 'object' && only !== null && value !== undefined) {
      throw new CommandError('jsonpath leads to a nested object or list which is not supported');
    }
    return value === undefined ? only !== undefined : asText(only).trim() === value.trim();
  };
}

/** Reads one `--for`. Throws CommandError. */
export function parseFor(text: string): Awaited {
  const lower = text.toLowerCase();
  if (lower === 'delete') return { type: 'delete' };
  if (lower === 'create') return { type: 'create' };
  if (text.startsWith('condition=')) return { type: 'check', check: conditionCheck(text.slice('condition='.length)) };
  if (text.startsWith('jsonpath=')) return { type: 'check', check: jsonPathCheck(text.slice('jsonpath='.length)) };
  throw new CommandError(`unrecognized condition: ${JSON.stringify(text)}`);
}

const createPauseMs = 500;

class Waiting {
  readonly #session: Session;
  readonly #writer: Writer;
  readonly #timeoutMs: number;
  readonly #deadline: number;

  constructor(session: Session, timeoutMs: number) {
    this.#session = session;
    this.#writer = new Writer(session, '');
    this.#timeoutMs = timeoutMs;
    this.#deadline = Date.now() + timeoutMs;
  }

  get #leftMs(): number {
    return Math.max(0, this.#deadline - Date.now());
  }

  async one(info: Info, awaited: Awaited): Promise<void> {
    if (awaited.type === 'delete') return this.#deleted(info);
    if (awaited.type === 'create') return this.#writer.print('condition met', info, info.object);
    return this.#checked(info, awaited.check ?? (() => true));
  }

  /** Polls until the objects exist, because a watch of a collection cannot select several names. */
  async created(args: readonly string[], options: InfoOptions): Promise<void> {
    for (;;) {
      try {
        if ((await collectInfos(this.#session, args, options)).length > 0) return;
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      if (this.#leftMs === 0) throw new CommandError('timed out waiting for the condition');
      await new Promise((resolve) => setTimeout(resolve, Math.min(createPauseMs, this.#leftMs)));
    }
  }

  async #deleted(info: Info): Promise<void> {
    if (this.#timeoutMs === 0) {
      const there = await this.#writer.get(info).then(
        () => true,
        (error: unknown) => {
          if (isNotFound(error)) return false;
          throw error;
        },
      );
      if (there) throw new CommandError(`condition not met for ${info.resource.plural}/${info.name}`);
    } else await waitUntilGone(this.#session, info, info.object.metadata?.uid ?? '', this.#leftMs);
    this.#writer.print('condition met', info, info.object);
  }

  async #checked(info: Info, check: Check): Promise<void> {
    if (this.#timeoutMs === 0) {
      if (!check(info.object)) throw new CommandError(`condition not met for ${info.resource.plural}/${info.name}`);
      return this.#writer.print('condition met', info, info.object);
    }
    let last: ApiObject = info.object;
    const met = await watchUntil(
      this.#session,
      info,
      (object) => {
        if (object === undefined) return false;
        last = object;
        return check(object);
      },
      this.#leftMs,
    );
    if (!met) throw new CommandError(`timed out waiting for the condition on ${info.resource.plural}/${info.name}`);
    this.#writer.print('condition met', info, last);
  }
}

export const wait: KubectlCommand = {
  name: 'wait',
  summary: 'Wait for a specific condition on one or many resources',
  usage:
    "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) [--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]] [options]",
  flags: [
    ...filenameFlags,
    ...outputFlags,
    selectorFlag,
    fieldSelectorFlag,
    allNamespacesFlag,
    { name: 'all', type: 'bool', help: 'Select all resources in the namespace of the specified resource types' },
    { name: 'local', type: 'bool', help: 'If true, annotation will NOT contact api-server but run locally.' },
    { name: 'for', type: 'string', help: 'The condition to wait on.' },
    {
      name: 'timeout',
      type: 'duration',
      fallback: '30s',
      help: "The length of time to wait before giving up. Zero means check once and don't wait, negative means wait for a week.",
    },
  ],
  run: async (session, flags) => {
    if (flags.all('for').length === 0) throw new CommandError('unrecognized condition: []');
    const awaited = flags.all('for').map(parseFor);
    const timeoutMs = flags.durationMs('timeout') < 0 ? defaultDeletionTimeoutMs : flags.durationMs('timeout');
    const waiting = new Waiting(session, timeoutMs);
    const forDelete = awaited.some((a) => a.type === 'delete');
    const options: InfoOptions = { allNamespaces: true, latest: true, ignoreNotFound: forDelete };
    if (awaited.some((a) => a.type === 'create')) await waiting.created(flags.args, options);
    const count = await visitInfos(session, flags.args, options, async (info) => {
      for (const condition of awaited) await waiting.one(info, condition);
    });
    if (count === 0 && !forDelete) throw new CommandError('no matching resources found');
    return 0;
  },
};
