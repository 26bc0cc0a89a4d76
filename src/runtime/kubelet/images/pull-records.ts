/**
 * With which secrets images were pulled, so that a pod that could not pull an image is not given it because another pod
 * could. Kept in a file, which the nodes of a cluster share as they share the engine's images.
 *
 * Differs: records belong to an image and the repository that it was pulled from, and upstream's to the image. The
 * engine's images are also its owner's, who may have the same image by another name. Source:
 * pkg/kubelet/images/pullmanager/image_pull_manager.go.
 */
import { isRecord } from '../../../api/json.ts';
import { StateFile } from './state-file.ts';

/** A secret with which an image was pulled. `hash` identifies the credentials that it held. */
export interface SecretSource {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly hash: string;
}

/** An image and where it is from. */
export interface PulledFrom {
  /** Image id, `sha256:…`. */
  readonly id: string;
  /** Registry and path, without tag and digest. */
  readonly repository: string;
}

/** Who may use an image: every pod, because it was pulled without a secret, or those with one of these. */
type Access = 'everybody' | readonly SecretSource[];

/** How many secrets are noted for an image only because they were seen to match. */
const maxNotedSecrets = 100;

interface Content {
  /** By repository and id. */
  readonly records: Map<string, Access>;
  /** Pulls that have begun, by the image's name: the id that the name had before, '' for none. */
  readonly begun: Map<string, string>;
}

const keyOf = ({ id, repository }: PulledFrom): string => `${repository} ${id}`;

const isSame = (a: SecretSource, b: SecretSource): boolean => a.uid === b.uid && a.namespace === b.namespace && a.name === b.name;

export class PullRecords {
  readonly #file: StateFile;
  #content: Promise<Content> | undefined;

  constructor(path: string) {
    this.#file = new StateFile(path);
  }

  /** Notes that an image is about to be pulled: it counts as pulled even when the kubelet dies before it knows. */
  async begin(name: string, idBefore: string): Promise<void> {
    const { begun } = await this.#load();
    if (begun.has(name)) return;
    begun.set(name, idBefore);
    await this.#save();
  }

  /** Notes how a pull has ended. Undefined: without an image. */
  async end(name: string, pulled: (PulledFrom & { readonly secret: SecretSource | undefined }) | undefined): Promise<void> {
    const { begun, records } = await this.#load();
    begun.delete(name);
    if (pulled !== undefined) records.set(keyOf(pulled), joined(records.get(keyOf(pulled)), pulled.secret));
    await this.#save();
  }

  /** Whether a kubelet of this cluster has pulled the image. */
  async knows(image: PulledFrom, name: string): Promise<boolean> {
    const { begun, records } = await this.#load();
    const before = begun.get(name);
    return records.has(keyOf(image)) || (before !== undefined && before !== image.id);
  }

  /** Whether a pod with these secrets may use the image as it is here. Source: MustAttemptImagePull. */
  async allows(image: PulledFrom, secrets: readonly SecretSource[]): Promise<boolean> {
    const { records } = await this.#load();
    const access = records.get(keyOf(image)) ?? [];
    if (access === 'everybody') return true;
    for (const secret of secrets) {
      const known = access.find((each) => each.hash === secret.hash || isSame(each, secret));
      if (known === undefined) continue;
      if (access.length < maxNotedSecrets && !(isSame(known, secret) && known.hash === secret.hash)) {
        records.set(keyOf(image), joined(access, secret));
        await this.#save();
      }
      return true;
    }
    return false;
  }

  /** Forgets images that the engine no longer has. */
  async prune(ids: ReadonlySet<string>): Promise<void> {
    const { records } = await this.#load();
    const gone = [...records.keys()].filter((key) => !ids.has(key.slice(key.indexOf(' ') + 1)));
    for (const key of gone) records.delete(key);
    if (gone.length > 0) await this.#save();
  }

  #load(): Promise<Content> {
    this.#content ??= this.#file.read().then(contentIn);
    return this.#content;
  }

  async #save(): Promise<void> {
    const { begun, records } = await this.#load();
    await this.#file.write(() => ({ begun: Object.fromEntries(begun), records: Object.fromEntries(records) }));
  }
}

/** Source: pulledRecordMergeNewCreds. */
function joined(access: Access | undefined, secret: SecretSource | undefined): Access {
  if (access === 'everybody' || secret === undefined) return 'everybody';
  return [...(access ?? []).filter((each) => !isSame(each, secret)), secret];
}

const isSource = (value: unknown): value is SecretSource =>
  isRecord(value) && [value.uid, value.namespace, value.name, value.hash].every((field) => typeof field === 'string');

/** A record that cannot be understood lets nobody in. */
function contentIn(content: unknown): Content {
  const { begun, records } = isRecord(content) ? content : {};
  return {
    begun: new Map(
      Object.entries(isRecord(begun) ? begun : {}).flatMap(([name, id]): [string, string][] =>
        typeof id === 'string' ? [[name, id]] : [],
      ),
    ),
    records: new Map(
      Object.entries(isRecord(records) ? records : {}).map(([key, access]): [string, Access] => [
        key,
        access === 'everybody' ? access : Array.isArray(access) ? access.filter(isSource) : [],
      ]),
    ),
  };
}
