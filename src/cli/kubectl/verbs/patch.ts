/** `kubectl patch`. Source: kubectl pkg/cmd/patch/patch.go. */
import { readFileSync } from 'node:fs';
import type { JsonObject, JsonValue } from '../../../api/json.ts';
import { applyJsonPatch } from '../../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../../api/patch/merge-patch.ts';
import { applyStrategicMergePatch } from '../../../api/patch/strategic-merge-patch.ts';
import { sameJson } from '../../../api/same-json.ts';
import { yamlToJson } from '../../../api/yaml/yaml-to-json.ts';
import { systemErrorText } from '../../../client/kubeconfig.ts';
import { CommandError, type KubectlCommand } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { ApiObject } from '../command/session.ts';
import { type Info, visitInfos } from '../resources/infos.ts';
import { StrategicKinds } from '../writing/strategic.ts';
import { filenameFlags, recordFlag, writeFlags } from '../writing/write-flags.ts';
import { patchTypes, Writer } from '../writing/writing.ts';

const typeNames = ['json', 'merge', 'strategic'] as const;
type TypeName = (typeof typeNames)[number];

function readPatch(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const isFolder = error instanceof Error && 'code' in error && error.code === 'EISDIR';
    const problem = isFolder ? `read ${file}: is a directory` : `open ${file}: ${systemErrorText(error)}`;
    throw new CommandError(`unable to read patch file: ${problem}`);
  }
}

interface Patch {
  readonly value: JsonValue;
  /** The user's text, when it is not valid JSON. */
  readonly text?: string;
}

function patchOf(flags: Flags): Patch {
  const file = flags.string('patch-file');
  if (flags.given('patch') === (file !== '')) {
    throw new CommandError(
      file === ''
        ? 'must specify --patch or --patch-file containing the contents of the patch'
        : 'cannot specify --patch and --patch-file together',
    );
  }
  const text = file === '' ? flags.string('patch') : readPatch(file);
  // A text that starts like JSON is sent as it is, and the server reports its errors.
  if (/^\s*\{/.test(text)) {
    try {
      return { value: JSON.parse(text) as JsonValue };
    } catch {
      return { value: {}, text };
    }
  }
  try {
    const value = yamlToJson(text).json;
    return { value };
  } catch (error) {
    throw new CommandError(
      `unable to parse ${JSON.stringify(text)}: yaml: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
    );
  }
}

function typeOf(flags: Flags): TypeName {
  const asked = flags.string('type').toLowerCase();
  const found = typeNames.find((name) => name === asked);
  if (found === undefined)
    throw new CommandError(`--type must be one of [json merge strategic], not ${JSON.stringify(flags.string('type'))}`);
  return found;
}

/** Applies the patch on the client, for `--dry-run=client` and `--local`. */
function patchLocally(kinds: StrategicKinds, info: Info, type: TypeName, { value: patch, text }: Patch): JsonObject {
  if (text !== undefined) throw new CommandError('invalid JSON document');
  if (type === 'json') return applyJsonPatch(info.object, patch);
  if (type === 'merge') return applyMergePatch(info.object, patch);
  const target = kinds.target(info.resource);
  if (target === undefined) {
    throw new CommandError(
      `strategic merge patch is not supported for ${info.resource.group}/${info.resource.version}, Kind=${info.resource.kind} locally, try --type merge`,
    );
  }
  return applyStrategicMergePatch(info.object, patch, target);
}

export const patchCommand: KubectlCommand = {
  name: 'patch',
  summary: 'Update fields of a resource',
  usage: '(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE] [options]',
  flags: [
    ...filenameFlags,
    ...writeFlags('kubectl-patch'),
    recordFlag,
    { name: 'patch', short: 'p', type: 'string', help: 'The patch to be applied to the resource JSON file.' },
    { name: 'patch-file', type: 'string', help: 'A file containing a patch to be applied to the resource.' },
    { name: 'type', type: 'string', fallback: 'strategic', help: 'The type of patch being provided; one of [json merge strategic]' },
    { name: 'local', type: 'bool', help: 'If true, patch will operate on the content of the file, not the server-side resource.' },
    { name: 'subresource', type: 'string', help: 'If specified, patch will operate on the subresource of the requested object.' },
  ],
  run: async (session, flags) => {
    if (flags.bool('local') && flags.args.length > 0) throw new CommandError('cannot specify --local and server resources');
    const type = typeOf(flags);
    const patch = patchOf(flags);
    const writer = new Writer(session, 'kubectl-patch');
    const kinds = new StrategicKinds();
    const local = flags.bool('local') || writer.dryRun === 'client';
    const count = await visitInfos(session, flags.args, { latest: !flags.bool('local') }, async (info) => {
      const subresource = flags.string('subresource');
      const patched: ApiObject = local
        ? patchLocally(kinds, info, type, patch)
        : await writer.patch(info, {
            type: patchTypes[type],
            patch: patch.value,
            ...(patch.text === undefined ? {} : { text: patch.text }),
            ...(subresource === '' ? {} : { subresource }),
          });
      // A sub-resource may answer with another kind, for example a Scale.
      const [group = '', version] = (patched.apiVersion ?? '').includes('/')
        ? (patched.apiVersion ?? '').split('/')
        : ['', patched.apiVersion];
      const resource = { ...info.resource, group, version: version ?? '', kind: patched.kind ?? info.resource.kind };
      // As upstream, which does not say here that it was a dry run.
      writer.print(sameJson(info.object, patched) ? 'patched (no change)' : 'patched', { resource }, patched, false);
    });
    if (count === 0) throw new CommandError('no objects passed to patch');
    return 0;
  },
};
