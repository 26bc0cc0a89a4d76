/** Which kinds take a strategic merge patch, and how their fields merge. */
import { brotliDecompressSync } from 'node:zlib';
import type { PatchTarget } from '../../../api/patch/strategic-merge-patch.ts';
import { loadSchemas } from '../../../api/schema/load.ts';
import type { Schemas } from '../../../api/schema/schema.ts';
import type { ApiResource } from '../resources/discovery.ts';

/** Finds the patch schema of a kind. The schemas are loaded on first use. */
export class StrategicKinds {
  #schemas: Schemas | undefined;

  /** The patch target of a built-in kind; undefined for all others, which take merge patches. */
  target(resource: Pick<ApiResource, 'group' | 'version' | 'kind'>): PatchTarget | undefined {
    this.#schemas ??= loadSchemas(brotliDecompressSync);
    const schema = this.#schemas.forKind(resource.group, resource.version, resource.kind);
    return schema === undefined ? undefined : { schemas: this.#schemas, schema };
  }
}
