/** `kubectl set env`. Source: kubectl pkg/cmd/set/set_env.go, pkg/cmd/set/env. */
import type { JsonObject } from '../../../../api/json.ts';
import { isEnvVarName } from '../../../../api/names.ts';
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import { traitsOf } from '../../kinds/kinds.ts';
import { readOne } from '../../streams/pods.ts';
import { changePodSpecs, containersFlag, containersOf, mapContainers, type SetContainer, setFlags } from './pod-template.ts';

type EnvVar = JsonObject & { readonly name: string };

interface EnvChange {
  readonly set: readonly EnvVar[];
  readonly remove: readonly string[];
}

const isEnvArgument = (arg: string): boolean => (arg.includes('=') && !arg.startsWith('=')) || (arg.endsWith('-') && arg !== '-');

/** Reads `NAME=value` and `NAME-`. Throws CommandError. */
export function parseEnv(args: readonly string[]): EnvChange {
  const set: EnvVar[] = [];
  const remove: string[] = [];
  for (const arg of args) {
    const at = arg.indexOf('=');
    if (at > 0) {
      const name = arg.slice(0, at);
      const complaints = isEnvVarName(name);
      if (complaints.length > 0) throw new CommandError(`${JSON.stringify(name)} is not a valid key name: ${complaints.join('; ')}`);
      set.push({ name, value: arg.slice(at + 1) });
    } else if (arg.endsWith('-')) remove.push(arg.slice(0, -1));
    else throw new CommandError(`unknown environment variable: ${arg}`);
  }
  const both = set.find((variable) => remove.includes(variable.name));
  if (both !== undefined) throw new CommandError(`can not both modify and remove the same environment variable: ${both.name}`);
  return { set, remove };
}

/** The variable name for a key of a config map or secret. */
function envName(session: Session, key: string): string {
  const name = key.replace(/[^a-zA-Z0-9_]/g, '_').toUpperCase();
  if (name !== key) session.err(`Warning: key ${key} transferred to ${name}\n`);
  return name;
}

async function fromSource(session: Session, flags: Flags): Promise<readonly EnvVar[]> {
  const source = flags.string('from');
  if (source === '') return [];
  const { resource, object } = await readOne(session, source);
  const field = traitsOf(resource)?.environmentSource;
  if (field === undefined) throw new CommandError('unsupported resource specified in --from');
  const name = object.metadata?.name ?? '';
  const wanted = flags.list('keys');
  const keys = Object.keys((object.data ?? {}) as JsonObject).filter((key) => wanted.length === 0 || wanted.includes(key)); // data is an object of strings
  return keys.sort().map((key) => ({ name: envName(session, key), valueFrom: { [field]: { name, key } } }));
}

function merged(existing: readonly EnvVar[], { set, remove }: EnvChange): readonly EnvVar[] {
  const kept = existing.filter((e) => !remove.includes(e.name)).map((e) => set.find((s) => s.name === e.name) ?? e);
  return [...kept, ...set.filter((s, i) => !kept.some((k) => k.name === s.name) && set.findIndex((o) => o.name === s.name) === i)];
}

interface ValueSource {
  readonly fieldRef?: { readonly apiVersion?: string; readonly fieldPath: string };
  readonly resourceFieldRef?: { readonly containerName?: string; readonly resource: string };
  readonly secretKeyRef?: { readonly name?: string; readonly key: string };
  readonly configMapKeyRef?: { readonly name?: string; readonly key: string };
}

function sourceText(source: ValueSource): string {
  if (source.configMapKeyRef !== undefined) return `configmap ${source.configMapKeyRef.name ?? ''}, key ${source.configMapKeyRef.key}`;
  if (source.secretKeyRef !== undefined) return `secret ${source.secretKeyRef.name ?? ''}, key ${source.secretKeyRef.key}`;
  if (source.fieldRef !== undefined) return `field path ${source.fieldRef.fieldPath}`;
  if (source.resourceFieldRef === undefined) return 'invalid valueFrom';
  const { containerName = '', resource } = source.resourceFieldRef;
  return `resource field ${containerName === '' ? '' : `${containerName}/`}${resource}`;
}

function listText(kind: string, name: string, container: SetContainer): string {
  const lines = (container.env ?? []).map((e) => {
    const source = e.valueFrom as unknown as ValueSource | undefined; // an EnvVarSource where there is one
    return source === undefined ? `${e.name}=${typeof e.value === 'string' ? e.value : ''}\n` : `# ${e.name} from ${sourceText(source)}\n`;
  });
  return `# ${kind} ${name}, container ${container.name}\n${lines.join('')}`;
}

export const setEnv: KubectlCommand = {
  name: 'env',
  summary: 'Update environment variables on a pod template',
  usage: 'RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N [options]',
  flags: [
    ...setFlags,
    containersFlag,
    { name: 'from', type: 'string', help: 'The name of a resource from which to inject environment variables' },
    { name: 'prefix', type: 'string', help: 'Prefix to append to variable names' },
    { name: 'env', short: 'e', type: 'array', help: 'Specify a key-value pair for an environment variable to set into each container.' },
    { name: 'keys', type: 'list', help: 'Comma-separated list of keys to import from specified resource' },
    { name: 'list', type: 'bool', help: 'If true, display the environment and any changes in the standard format.' },
    { name: 'overwrite', type: 'bool', fallback: 'true', help: 'If true, allow environment to be overwritten.' },
  ],
  run: async (session, flags) => {
    const resources = flags.args.filter((arg) => !isEnvArgument(arg));
    const args = flags.args.filter(isEnvArgument);
    if (resources.length === 0 && flags.list('filename').length === 0)
      throw new CommandError('one or more resources must be specified as <resource> <name> or <resource>/<name>');
    const parsed = parseEnv([...flags.all('env'), ...args]);
    const prefix = flags.string('prefix');
    const set: readonly EnvVar[] = [...parsed.set, ...(await fromSource(session, flags))].map((e) => ({
      ...e,
      name: `${prefix}${e.name}`,
    }));
    const change: EnvChange = { set, remove: parsed.remove };
    const pattern = flags.string('containers');
    return changePodSpecs(session, resources, {
      what: 'env',
      failure: 'env update to pod template:',
      change: (spec, info) => {
        const { kind } = info.resource;
        const chosen = containersOf(spec, pattern);
        if (chosen.length === 0)
          session.err(`Warning: ${kind}/${info.name} does not have any containers matching ${JSON.stringify(pattern)}\n`);
        const clash = flags.bool('overwrite')
          ? undefined
          : chosen.flatMap((c) => c.env ?? []).find((e) => set.some((s) => s.name === e.name && s.value !== e.value));
        if (clash !== undefined)
          throw new CommandError(
            `${info.resource.plural}/${info.name} '${clash.name}' already has a value (${String(clash.value ?? '')}), and --overwrite is false`,
          );
        const changed = mapContainers(spec, pattern, (container) => {
          const env = merged(container.env ?? [], change);
          return container.env === undefined && env.length === 0 ? container : { ...container, env };
        });
        if (!flags.bool('list')) return changed;
        for (const container of containersOf(changed, pattern)) session.out(listText(kind, info.name, container));
        return spec;
      },
    });
  },
};
