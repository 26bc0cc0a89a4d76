/**
 * Changes kubeconfig files and leaves everything else in them as it was: other entries, unknown fields, comments,
 * order. A change is made under client-go's lock file (`<file>.lock`) and written in place; a new file has mode 0600.
 * Source: client-go tools/clientcmd/{config,loader}.go (ModifyConfig, lockFile)
 */

import { closeSync, constants, ftruncateSync, openSync, readFileSync, realpathSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Document, isMap, isSeq, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import { isErrno } from '../api/errno.ts';
import { KubeconfigError, systemErrorText } from './kubeconfig.ts';
import { makeFoldersSync } from './make-folders.ts';

/** The lists of a kubeconfig. */
export type KubeconfigList = 'clusters' | 'contexts' | 'users';

const entryFields: Readonly<Record<KubeconfigList, string>> = { clusters: 'cluster', contexts: 'context', users: 'user' };

/** The edits that one change can make. */
export class KubeconfigEditor {
  readonly #document: Document;

  constructor(document: Document) {
    this.#document = document;
  }

  get currentContext(): string {
    const value = this.#document.get('current-context');
    return typeof value === 'string' ? value : '';
  }

  /** Sets the current context; '' for none. */
  useContext(name: string): void {
    this.#document.set('current-context', name);
  }

  /** Sets fields of an entry, which is created when absent. Undefined removes a field. */
  mergeEntry(list: KubeconfigList, name: string, values: Readonly<Record<string, string | boolean | undefined>>): void {
    const field = entryFields[list];
    if (this.#find(list, name) === undefined) this.#add(list, name, field);
    const entry = this.#find(list, name);
    if (entry === undefined) return;
    if (!isMap(entry.get(field))) entry.set(field, this.#document.createNode({}));
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) entry.deleteIn([field, key]);
      else entry.setIn([field, key], value);
    }
    const inner = entry.get(field);
    if (isMap(inner)) inner.flow = false;
  }

  /** Removes one entry. Entries that refer to it stay as they are. */
  removeEntry(list: KubeconfigList, name: string): void {
    const seq = this.#document.get(list);
    if (isSeq(seq)) seq.items = seq.items.filter((item) => !(isMap(item) && item.get('name') === name));
  }

  /** Renames an entry. */
  renameEntry(list: KubeconfigList, name: string, newName: string): void {
    this.#find(list, name)?.set('name', newName);
  }

  /** Sets a field outside the lists of entries; undefined removes it. */
  setField(path: readonly string[], value: string | boolean | undefined): void {
    if (value === undefined) this.#document.deleteIn(path);
    else this.#document.setIn(path, value);
  }

  #find(list: string, name: string): YAMLMap | undefined {
    const seq = this.#document.get(list);
    if (!isSeq(seq)) return undefined;
    for (const item of seq.items) if (isMap(item) && item.get('name') === name) return item;
    return undefined;
  }

  #add(list: string, name: string, field: string): void {
    let seq = this.#document.get(list);
    if (!isSeq(seq)) {
      seq = new YAMLSeq();
      this.#document.set(list, seq);
    }
    if (isSeq(seq)) {
      seq.flow = false;
      seq.add(this.#document.createNode({ [field]: {}, name }));
    }
  }
}

/** Another program is changing the file, or has left its lock behind. */
export class KubeconfigLocked extends KubeconfigError {}

/**
 * Changes a kubeconfig file, which is created when absent. The file is written in place, as kubectl does, so that
 * links, mounts, owner and mode are kept. Throws KubeconfigLocked; throws KubeconfigError when the file is not YAML or
 * cannot be written, and leaves its content unchanged.
 */
export function editKubeconfig(path: string, edit: (editor: KubeconfigEditor) => void): void {
  underLock(path, () => {
    const text = readText(path);
    const document = parseText(path, text ?? '');
    const before = document.toString({ lineWidth: 0 });
    edit(new KubeconfigEditor(document));
    const after = document.toString({ lineWidth: 0 });
    if (text === undefined || before !== after) writeInPlace(path, text, after);
  });
}

/**
 * Checks whether `editKubeconfig` could change the file, without changing anything. Throws what `editKubeconfig` would
 * throw.
 */
export function checkKubeconfigEditable(path: string): void {
  const folder = dirname(path);
  const made = makeFolder(folder, path);
  try {
    underLock(path, () => {
      const text = readText(path);
      parseText(path, text ?? '');
      closeSync(openForWriting(path));
      if (text === undefined) rmSync(realpathSync(path));
    });
  } finally {
    // A folder that is no longer empty stays, and so do the folders above it.
    for (let at = folder; made !== undefined && at.length >= made.length && removedEmpty(at); at = dirname(at));
  }
}

/** The path of the first folder that had to be created. */
function makeFolder(folder: string, file: string): string | undefined {
  try {
    return makeFoldersSync(folder, 0o700);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

function removedEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false; // another program has put something into the folder, so it stays
  }
}

const cannotWrite = (file: string, cause: unknown): KubeconfigError =>
  new KubeconfigError(`cannot write config file "${file}": ${systemErrorText(cause)}`, { cause });

/** The file's text; undefined when there is no such file. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw new KubeconfigError(`error loading config file "${file}": ${systemErrorText(error)}`, { cause: error });
  }
}

/** Follows symbolic links, even one to a file that does not exist yet. */
function openForWriting(file: string): number {
  try {
    return openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    throw cannotWrite(file, error);
  }
}

/** If the new text cannot be written completely, the old text is restored, or a file that did not exist is removed. */
function writeInPlace(file: string, before: string | undefined, after: string): void {
  const descriptor = openForWriting(file);
  try {
    overwrite(descriptor, after);
  } catch (error) {
    if (before === undefined) rmSync(realpathSync(file));
    else overwrite(descriptor, before);
    throw cannotWrite(file, error);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes the new bytes over the old ones before the file is truncated, so that it is never empty. */
function overwrite(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
  ftruncateSync(descriptor, bytes.length);
}

function parseText(file: string, text: string): Document {
  if (text.trim() === '') {
    return new Document({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [],
      contexts: [],
      'current-context': '',
      preferences: {},
      users: [],
    });
  }
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new KubeconfigError(`error loading config file "${file}": ${error.message}`, { cause: error });
  if (!isMap(document.contents)) throw new KubeconfigError(`error loading config file "${file}": it is no mapping`);
  return document;
}

/** Runs an action under client-go's lock on a file, whose folder is created when absent. */
function underLock(file: string, action: () => void): void {
  makeFolder(dirname(file), file);
  const path = `${file}.lock`;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (isErrno(error, 'EEXIST'))
      throw new KubeconfigLocked(`${file} is locked by another program; if none runs, remove ${path}`, { cause: error });
    throw new KubeconfigError(`cannot lock config file "${file}": open ${path}: ${systemErrorText(error)}`, { cause: error });
  }
  try {
    action();
  } finally {
    rmSync(path, { force: true });
  }
}
