/** The schemas of all built-in kinds, which the clusters of a process share. */
import { brotliDecompressSync } from 'node:zlib';
import { loadSchemas } from '../api/schema/load.ts';
import { createModelFormats } from '../api/schema/model-formats.ts';

export const schemas = loadSchemas(brotliDecompressSync);
export const formats = createModelFormats(schemas);
