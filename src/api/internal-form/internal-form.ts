/**
 * Objects as messages show them where upstream prints its internal types: all fields, under their Go names, with zeros
 * for what is absent. Source: encoding/json on the types of pkg/apis/core and pkg/apis/batch, which have no JSON tags.
 */
import { escapedForHtml } from '../field-error.ts';
import { isRecord } from '../json.ts';
import { asSent } from '../sent-empty.ts';
import { internalTypes } from './internal-types.ts';
import { unifiedDiff } from './unified-diff.ts';

interface InternalField {
  readonly goName: string;
  readonly json: string;
  readonly mark: string;
  /** The struct within, '' for none. */
  readonly struct: string;
}

/** `hostIP` for HostIP, `dnsPolicy` for DNSPolicy. */
const jsonNameOf = (goName: string): string =>
  goName.replace(/^(?:[A-Z]+(?![a-z])|[A-Z](?=[a-z])|[A-Z]+(?=[A-Z][a-z]))/, (head) => head.toLowerCase());

function fieldOf(text: string): InternalField {
  const [, goName = '', json, mark = '', struct = ''] = /^(\w+)(?:=(\w+))?([#?$*:]?)(@|\w*)$/.exec(text) ?? [];
  return { goName, json: json ?? jsonNameOf(goName), mark, struct };
}

const types: ReadonlyMap<string, readonly InternalField[]> = new Map(
  internalTypes
    .trim()
    .split(/\n(?=\S)/)
    .map((entry) => {
      const [name = '', fields = ''] = entry.split(/:\s(.*)/s);
      return [name, fields.split(/\s+/).map(fieldOf)] as const;
    }),
);

const zeros: Readonly<Record<string, unknown>> = { '': '', '#': 0, '?': false, $: '0', '*': null };

/** Go writes the keys of maps in order. */
const sorted = (value: object): object => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

function shownValue(from: Readonly<Record<string, unknown>>, { json, mark, struct }: InternalField): unknown {
  const value = asSent(from, json);
  if (mark === ':') return internalForm(struct, isRecord(value) ? value : {});
  if (value === null) return zeros[mark];
  if (struct === '@') return value;
  if (struct !== '') return Array.isArray(value) ? value.map((item) => internalForm(struct, item)) : internalForm(struct, value);
  return isRecord(value) ? sorted(value) : value;
}

/** What the namespaces of its node are to a Pod is part of the internal security context. */
function withHostNamespaces(spec: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers, securityContext } = spec;
  const moved = Object.entries({ hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers }).filter(
    ([, value]) => value !== undefined,
  );
  if (moved.length === 0 && securityContext === undefined) return spec;
  return { ...spec, securityContext: { ...(isRecord(securityContext) ? securityContext : {}), ...Object.fromEntries(moved) } };
}

/** A struct by its name in upstream's code. Throws an Error (a bug of the caller) on a name that is not known. */
export function internalForm(struct: string, value: unknown): object {
  const fields = types.get(struct);
  if (fields === undefined) throw new Error(`no internal type ${struct}`);
  const given = isRecord(value) ? value : {};
  const from = struct === 'PodSpec' ? withHostNamespaces(given) : given;
  return Object.fromEntries(
    fields.flatMap((field) =>
      field.goName === 'ObjectMeta' ? Object.entries(from.metadata ?? {}) : [[field.goName, shownValue(from, field)]],
    ),
  );
}

/** One field of a struct, by its Go name. Throws an Error (a bug of the caller) on a name that is not known. */
export function internalField(struct: string, value: unknown, goName: string): unknown {
  const shown: Readonly<Record<string, unknown>> = { ...internalForm(struct, value) };
  if (!Object.hasOwn(shown, goName)) throw new Error(`no field ${goName} in the internal type ${struct}`);
  return shown[goName];
}

const pretty = (struct: string, value: unknown): string => escapedForHtml(JSON.stringify(internalForm(struct, value), null, 1));

/** What a message shows of an update that is refused. Source: apimachinery pkg/util/diff/diff.go. */
export const internalDiff = (struct: string, before: unknown, after: unknown): string =>
  unifiedDiff(pretty(struct, before), pretty(struct, after));
