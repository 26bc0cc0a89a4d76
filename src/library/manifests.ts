/** What is applied: objects, texts, files and folders of them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parseManifests } from '../cli/kubectl/resources/manifests.ts';

/** Objects, YAML text with one or several documents, paths of files and folders, or a list of these. */
export type Manifests = string | object | readonly (string | object)[];

/** An object with an apiVersion and a kind; the server checks the rest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: { readonly name?: string; readonly generateName?: string; readonly namespace?: string };
}

const manifestFiles: readonly string[] = ['.yaml', '.yml', '.json'];

/** A path is one line without a colon and a space; a manifest has several lines, or braces. */
export const isPath = (text: string): boolean => !/[\n{]|: /.test(text);

/** The objects, in order. Throws an Error that says what is none. */
export function objectsOf(manifests: Manifests): readonly Manifest[] {
  if (Array.isArray(manifests)) return (manifests as readonly (string | object)[]).flatMap(objectsOf);
  if (typeof manifests === 'string') return isPath(manifests) ? objectsIn(manifests) : parsed(manifests, 'the manifest');
  return parsed(JSON.stringify(manifests), 'the object');
}

function objectsIn(path: string): readonly Manifest[] {
  if (!statSync(path).isDirectory()) return parsed(readFileSync(path, 'utf8'), path);
  const files = readdirSync(path).filter((name) => manifestFiles.includes(extname(name)));
  return files.toSorted().flatMap((name) => objectsIn(join(path, name)));
}

/** `parseManifests` has checked that each has an apiVersion and a kind. */
const parsed = (text: string, source: string): readonly Manifest[] =>
  [...parseManifests(text, source)].map(({ object }) => object as unknown as Manifest);
