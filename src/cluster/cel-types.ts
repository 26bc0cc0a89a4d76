/** The types of all kinds that are served, for the expressions of policies. */
import { celSchemaOfModel } from '../api/cel/model-schema.ts';
import type { CelSchema } from '../api/cel/schema.ts';
import type { TypeSource } from '../api/cel/type-check.ts';
import type { Schemas } from '../api/schema/schema.ts';
import type { KindSet } from '../server/registry/registry.ts';
import { servedSchema } from '../server/registry/served-version.ts';

export const celTypeSource = (kinds: KindSet, schemas: Schemas): TypeSource => ({
  kindOf: (group, version, resource) => kinds.byResource(group, version, resource)?.kind,
  schemaOf({ group, version, kind: name }) {
    const kind = kinds.byKind(group, version, name);
    if (kind === undefined) return undefined;
    const format = servedSchema({ kind, served: { group, version } });
    if (typeof format === 'string') return celSchemaOfModel(schemas, format);
    // What a definition says of its fields is a structural schema; metadata, which is referred to, is known without it.
    return format.openApi?.('v3', () => ({})) as CelSchema | undefined;
  },
});
