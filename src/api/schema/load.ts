/**
 * Opens the schema data that the generator wrote; takes about 4 ms. Decompression is injected, so that this folder does
 * no I/O.
 */
import { structureData } from '../generated/structure-data.ts';
import { openFacts } from './facts.ts';
import { Schemas } from './schema.ts';

/** Undoes brotli: `brotliDecompressSync` of node:zlib. */
export type Inflate = (bytes: Uint8Array) => Uint8Array;

/** Inflates base64 text to the text within. */
export const inflateText = (data: string, inflate: Inflate): string => Buffer.from(inflate(Buffer.from(data, 'base64'))).toString('utf8');

/** All built-in schemas, without descriptions. Call once and hand the result on. */
export const loadSchemas = (inflate: Inflate): Schemas => new Schemas(openFacts(inflateText(structureData, inflate)));
