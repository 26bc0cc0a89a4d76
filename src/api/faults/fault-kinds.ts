/** What can be made to fail, and which fields of an order each fault takes. A new fault begins with its line here. */

/** The verbs of requests about resources. */
export const requestVerbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] as const;

/** The fields that say what a rule strikes, by what its fault happens to. */
const selectionFields = {
  requests: ['verbs', 'resources', 'namespaces', 'objects', 'users', 'groups', 'userAgents', 'paths'],
  containers: ['images', 'selector', 'namespaces', 'pods', 'containers', 'nodes'],
  nodes: ['nodes'],
} as const;
/** The fields that say when it strikes. */
const commonFields = ['fault', 'name', 'share', 'for', 'seed'] as const;
/** The fields that say how often. */
const countFields = ['skip', 'times'] as const;
/** The fields that say what exactly it does. */
const detailFields = ['delay', 'retryAfter', 'message', 'after', 'events', 'age', 'revisions', 'late', 'exitCode'] as const;

export type Struck = keyof typeof selectionFields;
export type DetailField = (typeof detailFields)[number];
export type OrderField =
  | (typeof selectionFields)[Struck][number]
  | (typeof commonFields)[number]
  | (typeof countFields)[number]
  | DetailField;

export interface FaultKind {
  /** Other names of it, such as the code of an answer. */
  readonly also: readonly string[];
  readonly summary: string;
  /** The only verbs that it can strike. Default: all. */
  readonly verbs?: readonly string[];
  readonly details: readonly DetailField[];
  /** The part of a request or container that it acts on: at most one rule acts on each, but delays add up. */
  readonly actsOn: 'time' | 'answer' | 'watch' | 'read' | 'pull' | 'end' | 'node';
  /** What it happens to. Default: requests. */
  readonly strikes?: Struck;
  /** Whether it happens only in a simulated cluster. Default: in every one. */
  readonly simulated?: true;
}

const watchOnly = { verbs: ['watch'], actsOn: 'watch' } as const;

const simulated = { strikes: 'containers', simulated: true } as const;

export const faultKinds = {
  delay: { also: [], summary: 'it is answered later', details: ['delay', 'late'], actsOn: 'time' },
  conflict: {
    ...{ also: ['409'], summary: '409: the object has been modified', verbs: ['update', 'patch'], details: [], actsOn: 'answer' },
  },
  'too-many-requests': {
    ...{ also: ['429'], summary: '429, as from a server that is overloaded', details: ['retryAfter', 'message'], actsOn: 'answer' },
  },
  'internal-error': {
    ...{ also: ['500'], summary: '500 InternalError', details: ['message', 'retryAfter', 'late'], actsOn: 'answer' },
  },
  unavailable: {
    ...{ also: ['503'], summary: '503, as from a server that shuts down', details: ['message', 'retryAfter', 'late'], actsOn: 'answer' },
  },
  reset: { also: [], summary: 'the connection is reset (over HTTP/2, the stream)', details: ['late'], actsOn: 'answer' },
  expired: {
    ...{ also: ['410'], summary: '410: a watch or list cannot go on from its version', verbs: ['watch', 'list'], details: [] },
    actsOn: 'read',
  },
  'stale-read': {
    ...{ also: [], summary: 'an older state is read', verbs: ['get', 'list'], details: ['age', 'revisions'], actsOn: 'read' },
  },
  'watch-close': { also: [], summary: 'the watch ends', ...watchOnly, details: ['after', 'events'] },
  'watch-reset': { also: [], summary: 'the connection of the watch is reset', ...watchOnly, details: ['after', 'events'] },
  'watch-silence': { also: [], summary: 'the watch stays open but says nothing more', ...watchOnly, details: ['after', 'events'] },
  'pull-error': {
    ...{ also: [], summary: 'its image cannot be pulled', strikes: 'containers', details: ['message'], actsOn: 'pull' },
  },
  'slow-start': { also: [], summary: 'it takes long to start', ...simulated, details: ['delay'], actsOn: 'time' },
  crash: { also: [], summary: 'it ends with an error', ...simulated, details: ['after', 'exitCode'], actsOn: 'end' },
  'oom-kill': { also: [], summary: 'it is killed for want of memory', ...simulated, details: ['after'], actsOn: 'end' },
  'node-silence': { also: [], summary: 'nothing is heard of it: it becomes NotReady', strikes: 'nodes', details: [], actsOn: 'node' },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof faultKinds;
export const faultNames = Object.keys(faultKinds) as readonly FaultName[]; // the keys of an object literal

/** The declaration of a fault. */
export const kindOf = (fault: FaultName): FaultKind => faultKinds[fault];

/** A fault by its name or another name of it; undefined: there is none. */
export const faultNamed = (word: string): FaultName | undefined =>
  faultNames.find((name) => name === word || kindOf(name).also.includes(word));

/** What a fault happens to. */
export const struckBy = (fault: FaultName): Struck => kindOf(fault).strikes ?? 'requests';

/** The fields that an order of a fault may have. */
export const fieldsOf = (fault: FaultName): readonly OrderField[] => {
  const struck = struckBy(fault);
  return [...commonFields, ...(struck === 'nodes' ? [] : countFields), ...selectionFields[struck], ...kindOf(fault).details];
};
