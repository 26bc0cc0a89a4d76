/** The server's part of `minik node`: makes the nodes as the profile wants them, whenever that changes. */
import { watch } from 'node:fs';
import type { Logger } from '../../client/logger.ts';
import type { RunningCluster } from '../cluster-port.ts';
import { wantedFile } from './node-file.ts';
import type { Profile } from './profile.ts';

/** Follows the profile's nodes until the returned function is called, which resolves when no change is under way. */
export function followNodes(profile: Profile, cluster: Pick<RunningCluster, 'setNodes'>, log: Logger): () => Promise<void> {
  let done = -1;
  let turn = Promise.resolve();
  const act = async (): Promise<void> => {
    const wanted = profile.wantedNodes();
    if (wanted === undefined || wanted.revision === done) return;
    const failures = await cluster.setNodes(wanted.nodes);
    done = wanted.revision;
    profile.saveDoneNodes({ revision: done, failures });
  };
  const look = (): void => {
    turn = turn.then(act).catch((error: unknown) => log.error('The nodes could not be followed', { error }));
  };
  const changes = watch(profile.folder, (_event, file) => {
    if (file === wantedFile) look();
  });
  changes.on('error', (error) => log.error('The nodes are no longer followed until the next start', { error }));
  // What has changed while the server was starting.
  look();
  return async () => {
    changes.close();
    await turn;
  };
}
