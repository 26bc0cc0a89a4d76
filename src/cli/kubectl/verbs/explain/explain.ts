/** `kubectl explain`. Source: kubectl pkg/cmd/explain/explain.go, pkg/explain. */
import { CommandError, type KubectlCommand } from '../../command/command.ts';
import type { Flags } from '../../command/flags.ts';
import type { Session } from '../../command/session.ts';
import { type ApiResource, apiVersionOf, groupResource } from '../../resources/discovery.ts';
import { Explainer, type GroupVersionKind, type Schemas } from './explain-text.ts';

interface Document {
  readonly components?: { readonly schemas?: Schemas };
}

/** `pods.spec.containers`, `deployments.apps.spec`. */
async function parseRequest(session: Session, text: string): Promise<{ readonly resource: ApiResource; readonly path: readonly string[] }> {
  const { resources } = await session.discovery;
  const qualified = resources.find((r) => r.group !== '' && (text === groupResource(r) || text.startsWith(`${groupResource(r)}.`)));
  if (qualified !== undefined) {
    const rest = text.slice(groupResource(qualified).length + 1);
    return { resource: qualified, path: rest === '' ? [] : rest.split('.') };
  }
  const [word = '', ...path] = text.replace(/\.$/, '').split('.');
  const resource = (await session.discovery).find(word);
  if (resource !== undefined) return { resource, path };
  // Upstream prints this error without the prefix `error:`.
  session.err(`the server doesn't have a resource type ${JSON.stringify(word)}\n`);
  throw new CommandError('');
}

/** The same resource in the version that `--api-version` names. */
function inVersion(resource: ApiResource, flags: Flags): ApiResource {
  if (!flags.given('api-version') || flags.string('api-version') === '') return resource;
  const parts = flags.string('api-version').split('/');
  if (parts.length > 2) throw new CommandError(`unexpected GroupVersion string: ${flags.string('api-version')}`);
  return { ...resource, group: parts.length === 2 ? (parts[0] ?? '') : '', version: parts.at(-1) ?? '' };
}

async function loadSchemas(session: Session, resource: ApiResource): Promise<Schemas> {
  const index = await session.object({ method: 'GET', path: '/openapi/v3' });
  // The OpenAPI v3 index names a document per group and version.
  const paths = (index.paths ?? {}) as Readonly<Record<string, { readonly serverRelativeURL?: string }>>;
  const entry = paths[resource.group === '' ? `api/${resource.version}` : `apis/${resource.group}/${resource.version}`];
  if (entry?.serverRelativeURL === undefined) {
    throw new CommandError(`couldn't find resource for "${resource.group}/${resource.version}, Resource=${resource.plural}"`);
  }
  const document = (await session.object({ method: 'GET', path: entry.serverRelativeURL })) as unknown as Document;
  return document.components?.schemas ?? {};
}

export const explain: KubectlCommand = {
  name: 'explain',
  summary: 'Get documentation for a resource',
  usage: 'TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]',
  flags: [
    { name: 'recursive', type: 'bool', help: 'When true, print the name of all the fields recursively.' },
    { name: 'api-version', type: 'string', help: 'Use given api-version (group/version) of the resource.' },
    {
      name: 'output',
      short: 'o',
      type: 'string',
      fallback: 'plaintext',
      help: 'Format in which to render the schema. Valid values are: (plaintext, plaintext-openapiv2).',
    },
  ],
  run: async (session, flags) => {
    const [request, ...more] = flags.args;
    if (request === undefined) {
      throw new CommandError(
        'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.',
      );
    }
    if (more.length > 0) throw new CommandError('We accept only this format: explain RESOURCE');
    if (!['plaintext', 'plaintext-openapiv2'].includes(flags.string('output')))
      throw new CommandError(`unrecognized format: ${flags.string('output')}`);
    const { resource: found, path } = await parseRequest(session, request);
    const resource = inVersion(found, flags);
    const schemas = await loadSchemas(session, resource);
    const matches = (gvk: GroupVersionKind): boolean =>
      gvk.group === resource.group && gvk.version === resource.version && gvk.kind === resource.kind;
    const schema = Object.values(schemas).find((each) => each['x-kubernetes-group-version-kind']?.some(matches));
    if (schema === undefined)
      throw new CommandError(`GVR (${apiVersionOf(resource)}, Resource=${resource.plural}) not found in OpenAPI schema`);
    const group = resource.group === '' ? '' : `GROUP:      ${resource.group}\n`;
    session.out(`${group}KIND:       ${resource.kind}\nVERSION:    ${resource.version}\n\n`);
    const text = new Explainer(schemas, flags.bool('recursive')).explain(schema, path);
    if (text === '') throw new CommandError(`field ${JSON.stringify(path.at(-1) ?? '')} does not exist`);
    session.out(`${text}\n`);
    return 0;
  },
};
