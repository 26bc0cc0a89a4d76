/** The import rules: which folder may import which, and which folder owns which vendor package. */

interface Layer {
  /** Folder (with a final slash) or file below src/. */
  readonly path: string;
  /** Prefixes below src/ that its files may import, besides their own. */
  readonly may: readonly string[];
  /** Exceptions from `may`. */
  readonly never?: readonly string[];
}

/** Time, work under way, logging and error boundaries may be imported everywhere. */
const common = ['api/', 'client/clock.ts', 'client/error-boundary.ts', 'client/logger.ts', 'client/pending.ts', 'version.ts'];
const everything = [''];

/** The folders that kubectl's verbs share. */
const kubectlRooms = ['command', 'kinds', 'output', 'resources', 'streams', 'waiting', 'writing'].map((room) => `cli/kubectl/${room}/`);
const kubectlMay = [...common, 'client/', 'cli/completion-scripts.ts', 'cli/terminal.ts', 'cli/print/', ...kubectlRooms];

/** For a file, the layer with the longest matching path applies. */
const layers: readonly Layer[] = [
  { path: 'api/', may: [] },
  { path: 'server/store/', may: common },
  // The registry may use only admission's interfaces, not its plugins.
  {
    path: 'server/registry/',
    may: [...common, 'server/store/store.ts', 'server/admission/admission.ts', 'server/admission/object-reader.ts'],
  },
  { path: 'server/admission/', may: [...common, 'server/registry/', 'server/webhooks/webhook-caller.ts'] },
  {
    path: 'server/aggregation/',
    may: [...common, 'server/store/store.ts', 'server/webhooks/'],
  },
  { path: 'server/webhooks/', may: [...common, 'client/lru-map.ts', 'server/admission/object-reader.ts'] },
  { path: 'server/auth/', may: [...common, 'server/registry/', 'server/store/store.ts'] },
  {
    path: 'server/custom-resources/',
    may: [...common, 'server/registry/', 'server/store/store.ts', 'server/webhooks/webhook-caller.ts'],
  },
  { path: 'server/pki/', may: common },
  { path: 'server/resource-metrics/', may: common },
  // The store's interface declares the encoded objects from which responses are assembled. Both ends of WebSockets are
  // in one place.
  {
    path: 'server/http/',
    may: [
      ...common,
      'client/large-reads/',
      'client/web-socket/',
      'server/registry/',
      'server/aggregation/',
      'server/auth/',
      'server/pki/',
      'server/resource-metrics/',
      'server/store/store.ts',
    ],
  },
  { path: 'client/', may: [...common] },
  { path: 'controllers/', may: [...common, 'client/'] },
  { path: 'runtime/container/', may: [...common, 'client/large-reads/'] },
  {
    path: 'runtime/kubelet/',
    may: [...common, 'client/', 'runtime/container/'],
    never: ['runtime/container/docker/', 'runtime/container/simulated/'],
  },
  { path: 'runtime/network/', may: [...common, 'client/'] },
  { path: 'runtime/network/network-worker-entry.ts', may: ['runtime/network/', 'optimizer.ts'] },
  { path: 'cli/', may: [...common, 'client/', 'executable.ts'] },
  // The shared folders may not import verbs, and no verb may import the list of all verbs.
  ...kubectlRooms.map((path) => ({ path, may: kubectlMay })),
  { path: 'cli/kubectl/verbs/', may: [...kubectlMay, 'cli/kubectl/help/'] },
  { path: 'library/', may: everything },
  { path: 'version.ts', may: [] },
  { path: 'optimizer.ts', may: [] },
  { path: 'native-code.ts', may: ['api/error-text.ts'] },
  { path: 'source-positions.ts', may: [] },
  { path: 'executable.ts', may: ['version.ts', 'runtime/network/', 'server/http/yaml/', 'native-code.ts', 'source-positions.ts'] },
  { path: 'server-log.ts', may: ['client/', 'executable.ts'] },
  { path: 'cluster/', may: everything },
  { path: 'cluster.ts', may: everything },
  { path: 'executable-part.ts', may: [] },
  { path: 'minik.ts', may: everything },
  { path: 'main.ts', may: everything },
];

const vendors: readonly { readonly package: RegExp; readonly folder: string }[] = [
  { package: /^(hono|@hono\/.+)$/, folder: 'server/http/' },
  { package: /^better-sqlite3$/, folder: 'server/store/' },
  { package: /^dockerode$/, folder: 'runtime/container/docker/' },
  { package: /^cac$/, folder: 'cli/' },
];

const inputOutput =
  /^node:(fs|fs\/promises|net|http|https|http2|tls|dgram|dns|dns\/promises|child_process|worker_threads|cluster|os|process|readline|sqlite|tty)$/;

const testNames = [
  /\.(test|contract)\.ts$/,
  /(^|\/)(testing|e2e)\//,
  /(^|\/)test-[^/]+\.ts$/,
  /-(test-support|fixture)\.ts$/,
  /\/crash-writer\.ts$/,
];

/** Whether a file is a test, a contract, or a helper of these, by its name. Such files may import anything. */
export const isTest = (path: string): boolean => testNames.some((name) => name.test(path));

/**
 * Reads the host's time. All else goes by the clock that it is given, because that of a simulated cluster can be frozen
 * and moved.
 */
const readsHostTime = /\bDate\.now\b|\bnew Date\(\)|(?<![.\w])set(Timeout|Interval)\(|AbortSignal\.timeout|\bsystemClock\b/;

/** Files and folders below src/ that may read the host's time, or pass it on. */
const hostTimed: readonly string[] = [
  // Where it is defined, and where parts are given the clock that they go by.
  ...['client/clock.ts', 'client/cluster-clock.ts', 'cluster.ts', 'cluster/', 'server-log.ts'],
  // People, and other processes, are in the host's time.
  ...['cli/', 'library/', 'server/pki/', 'runtime/network/', 'runtime/container/docker/'],
  // Connections and requests end although the cluster's time stands still.
  ...['client/informer-factory.ts', 'client/in-process-client.ts', 'runtime/kubelet/probes/', 'server/http/app.ts'],
  ...['server/http/secure-server.ts', 'server/http/http1.ts', 'server/http/node-requests.ts', 'server/http/openapi/openapi-handler.ts'],
  // Defaults for tests; the composition root names the clock.
  ...['server/auth/service-account-tokens.ts', 'server/registry/create-registry.ts', 'server/store/'],
];

/** What is wrong with the times that a file below src/ reads; undefined when nothing is. */
export function hostTimeProblem(file: string, source: string): string | undefined {
  if (isTest(file) || hostTimed.some((path) => file.startsWith(path)) || !readsHostTime.test(source)) return undefined;
  return "reads the host's time: go by the injected clock";
}

const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * What is wrong with `file` importing `target`, both below src/ (`target` is a package's specifier when it is not a
 * file of ours). Undefined when the import is allowed.
 */
export function importProblem(file: string, target: string, ours: boolean): string | undefined {
  if (isTest(file)) return undefined;
  if (!ours) {
    if (file.startsWith('api/') && inputOutput.test(target)) return 'src/api does no input or output';
    const vendor = vendors.find((v) => v.package.test(packageOf(target)));
    return vendor !== undefined && !file.startsWith(vendor.folder) ? `only src/${vendor.folder} may use it` : undefined;
  }
  if (isTest(target)) return 'only tests may import it';
  const layer = layers.filter((l) => file.startsWith(l.path)).sort((a, b) => b.path.length - a.path.length)[0];
  if (layer === undefined) return 'its folder is not in the table of import rules';
  if (target.startsWith(layer.path)) return undefined;
  const allowed = layer.may.some((prefix) => target.startsWith(prefix)) && !layer.never?.some((prefix) => target.startsWith(prefix));
  return allowed ? undefined : `src/${layer.path} may not import it`;
}

/** The import cycles of a graph, each as the files on it; a file that imports itself is one too. */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const stack: string[] = [];
  const cycles: string[][] = [];
  const visit = (node: string): number => {
    const index = order.size;
    order.set(node, index);
    let lowest = index;
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, order.get(next) ?? lowest);
    }
    if (lowest === index) {
      const members = stack.splice(stack.indexOf(node));
      if (members.length > 1 || graph.get(node)?.includes(node)) cycles.push(members);
    }
    return lowest;
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return cycles;
}
