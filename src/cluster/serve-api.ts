/**
 * An API server without nodes, for programs that bring their own certificates: what `minik envtest` puts in the place
 * of a kube-apiserver. It answers as one that was started alone: no node, no scheduler, nothing that installers add,
 * and only the controllers that are asked for.
 */
import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { type ApiServerChoices, type ClusterSettings, type RunningCluster, UserError } from '../cli/cluster-port.ts';
import { systemClock } from '../client/clock.ts';
import { UnknownController } from '../controllers/all-controllers.ts';
import { createYamlWorker, sqliteAddon } from '../executable.ts';
import type { ApiServer } from '../server/http/create-server.ts';
import { asSec1 } from '../server/pki/certificate.ts';
import type { Pki } from '../server/pki/pki.ts';
import { eventsOnDiskOnly } from '../server/registry/disk-only.ts';
import { openSqliteStore } from '../server/store/sqlite-store.ts';
import { containerRuntime } from './container-runtime.ts';
import { openPki } from './control-plane.ts';
import { openCluster } from './open-cluster.ts';

/** Nothing has an address in it. */
const noPods = '10.244.0.0/16';

const settingsOf = ({ folder, port, serviceCidr, settings }: ApiServerChoices): ClusterSettings => ({
  ...{ profile: 'envtest', folder, clusterId: 'envtest', runtime: 'simulated', nodes: [], apiPort: port, serviceCidr, podCidr: noPods },
  ...{ legacyApis: false, scheduler: false, addOns: false, ...settings },
  controllerManager: settings.controllers === undefined || settings.controllers.length > 0,
});

/** The key in the form in which tokens are signed; undefined when it is of another kind. */
function signingKey(pem: string | undefined): string | undefined {
  if (pem === undefined) return undefined;
  const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem);
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1' ? asSec1(pem) : undefined;
}

async function pkiOf(choices: ApiServerChoices, settings: ClusterSettings): Promise<Pki> {
  const own = await openPki(settings);
  return {
    ...own,
    serving: choices.serving,
    caCertificate: choices.clientCertificateAuthority ?? own.caCertificate,
    serviceAccountKey: signingKey(choices.serviceAccountKey) ?? own.serviceAccountKey,
  };
}

/** Starts to serve; rejects with UserError when a controller is not known, or the address cannot be listened on. */
export async function serveApi(choices: ApiServerChoices): Promise<Pick<RunningCluster, 'apiUrl' | 'stop'>> {
  const { folder, host, port, log } = choices;
  const settings = settingsOf(choices);
  const addon = sqliteAddon();
  const store = openSqliteStore({
    path: join(folder, 'minik.db'),
    diskOnly: eventsOnDiskOnly,
    now: () => systemClock.now(),
    ...(addon === undefined ? {} : { nativeBinding: addon }),
  });
  let server: ApiServer | undefined;
  let listen: (() => Promise<ApiServer>) | undefined;
  try {
    const cluster = await openCluster(settings, {
      ...{ clock: systemClock, store, pki: await pkiOf(choices, settings), log, createYamlWorker },
      onStep: () => undefined,
      runtime: (options) => containerRuntime(settings, options),
      onApi: (start) => {
        listen = () => start([{ host, port }]);
      },
      saveClock: () => undefined,
      onWork: () => undefined,
      onStreamed: () => undefined,
    });
    // Who asks whether it is healthy may go on at once: the controllers run by then.
    server = await listen?.();
    return { apiUrl: server?.url ?? '', stop: () => cluster.stop() };
  } catch (error) {
    if (!(error instanceof UnknownController)) throw error;
    throw new UserError(error.message, [`There are: ${error.names.join(', ')}.`], { cause: error });
  }
}
