/**
 * Changes to kubeconfig files that leave everything else in them as it was: other entries, unknown fields, comments, order.
 * A change is made under client-go's lock file (`<file>.lock`), written to a new file of mode 0600 and renamed into place.
 * Source: client-go tools/clientcmd/{config,loader}.go (ModifyConfig, lockFile)
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Document, isMap, isSeq, parseDocument, type YAMLMap, YAMLSeq } from 'yaml';
import { type KubeconfigCluster, type KubeconfigContext, KubeconfigError, type KubeconfigUser } from './kubeconfig.ts';

/** One cluster with its user and context, all under one name. */
export interface KubeconfigEntry {
  readonly name: string;
  readonly cluster: KubeconfigCluster;
  readonly user: KubeconfigUser;
  readonly namespace?: string;
}

/** The lists of a kubeconfig. */
export type KubeconfigList = 'clusters' | 'contexts' | 'users';

const entryFields: Readonly<Record<KubeconfigList, string>> = { clusters: 'cluster', contexts: 'context', users: 'user' };

/** The edits that can be made inside one change. */
export class KubeconfigEditor {
  readonly #document: Document;

  constructor(document: Document) {
    this.#document = document;
  }

  get currentContext(): string {
    const value = this.#document.get('current-context');
    return typeof value === 'string' ? value : '';
  }

  /** Names the current context; '' for none. */
  useContext(name: string): void {
    this.#document.set('current-context', name);
  }

  hasContext(name: string): boolean {
    return this.#find('contexts', name) !== undefined;
  }

  /** Adds or replaces cluster, user and context of that name. */
  upsert(entry: KubeconfigEntry): void {
    const context: KubeconfigContext = {
      cluster: entry.name,
      user: entry.name,
      ...(entry.namespace === undefined ? {} : { namespace: entry.namespace }),
    };
    this.#set('clusters', entry.name, 'cluster', entry.cluster);
    this.#set('users', entry.name, 'user', entry.user);
    this.#set('contexts', entry.name, 'context', context);
  }

  /** Removes cluster, user and context of that name. The current context becomes `fallback` when it was this one and that exists, else none. */
  remove(name: string, fallback = ''): void {
    for (const list of ['clusters', 'users', 'contexts']) {
      const seq = this.#document.get(list);
      if (isSeq(seq)) seq.items = seq.items.filter((item) => !(isMap(item) && item.get('name') === name));
    }
    if (this.currentContext === name) this.useContext(this.hasContext(fallback) ? fallback : '');
  }

  /** Whether a list has an entry of that name. */
  has(list: KubeconfigList, name: string): boolean {
    return this.#find(list, name) !== undefined;
  }

  /** Sets fields of an entry, which is made when absent; undefined takes a field away. */
  mergeEntry(list: KubeconfigList, name: string, values: Readonly<Record<string, string | boolean | undefined>>): void {
    const field = entryFields[list];
    if (this.#find(list, name) === undefined) this.#set(list, name, field, {});
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

  /** Removes one entry; others that refer to it stay as they are. */
  removeEntry(list: KubeconfigList, name: string): void {
    const seq = this.#document.get(list);
    if (isSeq(seq)) seq.items = seq.items.filter((item) => !(isMap(item) && item.get('name') === name));
  }

  /** Gives an entry another name. */
  renameEntry(list: KubeconfigList, name: string, newName: string): void {
    this.#find(list, name)?.set('name', newName);
  }

  /** Sets a field outside the lists of entries, or with undefined takes it away. */
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

  #set(list: string, name: string, field: string, value: object): void {
    const known = this.#find(list, name);
    if (known !== undefined) {
      known.set(field, this.#document.createNode(value));
      return;
    }
    let seq = this.#document.get(list);
    if (!isSeq(seq)) {
      seq = new YAMLSeq();
      this.#document.set(list, seq);
    }
    if (isSeq(seq)) {
      seq.flow = false;
      seq.add(this.#document.createNode({ [field]: value, name }));
    }
  }
}

/**
 * Changes a kubeconfig file, which is made when absent. A symbolic link is followed.
 * Throws KubeconfigError when the file is no YAML, or is locked by another program.
 */
export function editKubeconfig(path: string, edit: (editor: KubeconfigEditor) => void): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = existsSync(path) ? realpathSync(path) : path;
  const unlock = lock(file);
  try {
    const document = readDocument(file);
    const before = document.toString({ lineWidth: 0 });
    edit(new KubeconfigEditor(document));
    const after = document.toString({ lineWidth: 0 });
    if (existsSync(file) && before === after) return;
    const fresh = join(dirname(file), `.${basename(file)}.${process.pid}.new`);
    writeFileSync(fresh, after, { mode: 0o600 });
    renameSync(fresh, file);
  } finally {
    unlock();
  }
}

function readDocument(file: string): Document {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
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

function lock(file: string): () => void {
  const path = `${file}.lock`;
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    throw new KubeconfigError(`${file} is locked by another program; if none runs, remove ${path}`, { cause: error });
  }
  return () => rmSync(path, { force: true });
}
