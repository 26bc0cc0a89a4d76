/** What a `minik run` reads of its cluster: all objects, and why some are not ready. */
import { errorText } from '../../../api/error-text.ts';
import type { JsonValue } from '../../../api/json.ts';
import { HttpTransport } from '../../../client/http-transport.ts';
import { readinessOf, type StatusOf } from '../../../client/readiness/readiness.ts';
import { type StoryEvent, storyOf, timeOf } from '../../../client/readiness/story.ts';
import type { AdminCredentials } from '../../cluster-port.ts';
import { type ApiResource, apiVersionOf, Discovery, groupResource, resourcePath } from '../../kubectl/resources/discovery.ts';
import { watchEvents } from '../../kubectl/waiting/watch-events.ts';

/** An object as the API gives it: with these fields and others. */
export type ClusterObject = StatusOf;

/** All objects of one resource. */
export interface ObjectList {
  readonly resource: ApiResource;
  readonly objects: readonly ClusterObject[];
}

/** Groups whose kinds have moved to others. */
const isFormer = ({ group }: ApiResource): boolean => group === 'extensions';

const isEvent = ({ group, kind }: ApiResource): boolean => kind === 'Event' && (group === '' || group === 'events.k8s.io');

export class ClusterView {
  readonly #transport: HttpTransport;
  readonly #signal: AbortSignal | undefined;
  #known: Discovery | undefined;

  /** With a signal, its abort ends what is being read or awaited. */
  constructor(apiUrl: string, { caPem, certificatePem, keyPem }: AdminCredentials, signal?: AbortSignal) {
    this.#transport = new HttpTransport({
      server: apiUrl,
      certificateAuthority: caPem,
      clientCertificate: certificatePem,
      clientKey: keyPem,
      userAgent: 'minik run',
    });
    this.#signal = signal;
  }

  close(): void {
    this.#transport.close();
  }

  /** The text of an answer, as of `/metrics`. */
  async text(path: string): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.#transport.stream({ method: 'GET', path, ...this.#abort })) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8');
  }

  json(path: string, method: 'GET' | 'DELETE' = 'GET'): Promise<JsonValue> {
    return this.#transport.json({ method, path, ...this.#abort });
  }

  /** The resources that can be listed, each in its preferred version. */
  async #resources(): Promise<readonly ApiResource[]> {
    const { resources } = await Discovery.load(this.#transport);
    const seen = new Set<string>();
    return resources.filter((resource) => {
      const name = groupResource(resource);
      if (seen.has(name) || !resource.verbs.includes('list')) return false;
      seen.add(name);
      return true;
    });
  }

  async #list(resource: ApiResource): Promise<ObjectList> {
    // Lists of the API have items; these lack their kind, which is that of the list.
    const answer = (await this.#transport.json({ method: 'GET', path: resourcePath(resource, ''), ...this.#abort })) as unknown as {
      readonly items?: readonly ClusterObject[] | null;
    } | null;
    const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    return { resource, objects: (answer?.items ?? []).map((item) => ({ ...type, ...item })) };
  }

  /**
   * Everything that the cluster has, each object once, by the first group that serves it. Kinds that cannot be listed,
   * as when the server of their API is gone, are told apart.
   */
  async everything(): Promise<{ readonly lists: readonly ObjectList[]; readonly failures: readonly string[] }> {
    const failures: string[] = [];
    const lists: ObjectList[] = [];
    const seen = new Set<string>();
    const isNew = ({ metadata }: ClusterObject): boolean => metadata?.uid === undefined || !seen.has(metadata.uid);
    const resources = await this.#resources();
    for (const resource of [...resources.filter((each) => !isFormer(each)), ...resources.filter(isFormer)]) {
      try {
        const { objects } = await this.#list(resource);
        const own = objects.filter(isNew);
        for (const { metadata } of own) if (metadata?.uid !== undefined) seen.add(metadata.uid);
        lists.push({ resource, objects: own });
      } catch (error) {
        failures.push(`${groupResource(resource)}: ${errorText(error)}`);
      }
    }
    return { lists, failures };
  }

  /**
   * Waits until an object has its `done`, which is asked at once and after each change; undefined: it does not exist.
   */
  async until(object: ClusterObject, done: (object: ClusterObject | undefined) => boolean): Promise<void> {
    const resource = await this.#resourceOf(object);
    const name = object.metadata?.name ?? '';
    const namespace = object.metadata?.namespace ?? '';
    const collection = `${resourcePath(resource, namespace)}?fieldSelector=metadata.name%3D${encodeURIComponent(name)}`;
    for (;;) {
      // As above.
      const { items, metadata } = (await this.#transport.json({ method: 'GET', path: collection, ...this.#abort })) as unknown as {
        readonly items: readonly ClusterObject[] | null;
        readonly metadata: { readonly resourceVersion: string };
      };
      const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
      const [found] = items ?? [];
      if (done(found === undefined ? undefined : { ...type, ...found })) return;
      const path = `${collection}&watch=true&resourceVersion=${metadata.resourceVersion}`;
      const body = await this.#transport.stream({ method: 'GET', path, ...this.#abort });
      // The server may end a watch at any time; then the object is read again.
      for await (const event of watchEvents(body)) {
        if (done(event.type === 'DELETED' ? undefined : { ...type, ...(event.object as ClusterObject) })) return; // of that kind
      }
    }
  }

  async #resourceOf({ apiVersion = '', kind = '' }: ClusterObject): Promise<ApiResource> {
    this.#known ??= await Discovery.load(this.#transport);
    let found = this.#known.byKind(apiVersion, kind);
    if (found === undefined) {
      // The kind may be younger than what was read.
      this.#known = await Discovery.load(this.#transport);
      found = this.#known.byKind(apiVersion, kind);
    }
    if (found === undefined) throw new Error(`the cluster no longer has the kind ${kind} of ${apiVersion}`);
    return found;
  }

  get #abort(): { readonly signal?: AbortSignal } {
    return this.#signal === undefined ? {} : { signal: this.#signal };
  }
}

/** The events of a cluster, in the order in which they happened. */
export const eventsIn = (lists: readonly ObjectList[]): readonly StoryEvent[] =>
  lists
    .filter(({ resource }) => isEvent(resource) && resource.group === '')
    .flatMap(({ objects }) => objects as readonly StoryEvent[])
    .toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0));

/** Everything but events. */
export const objectsIn = (lists: readonly ObjectList[]): readonly ClusterObject[] =>
  lists.filter(({ resource }) => !isEvent(resource)).flatMap(({ objects }) => objects);

/** The objects that are not ready, by what they belong to: those that no other object owns come with what they own. */
export function notReady(lists: readonly ObjectList[]): readonly (readonly string[])[] {
  const [objects, events] = [objectsIn(lists), eventsIn(lists)];
  const uids = new Set(objects.map(({ metadata }) => metadata?.uid));
  const owned = ({ metadata }: ClusterObject): boolean => metadata?.ownerReferences?.some(({ uid }) => uids.has(uid)) === true;
  return objects
    .filter((object) => !owned(object))
    .flatMap((object) => {
      const story = storyOf(object, { objects, events });
      return story.length === 0 ? [] : [story];
    });
}

/** Objects that are not ready themselves. */
export const unready = (lists: readonly ObjectList[]): readonly ClusterObject[] =>
  objectsIn(lists).filter((object) => readinessOf(object).state !== 'ready');
