/**
 * The container engine of a cluster. It is recorded by address and identity when the cluster is made. Without this
 * record, a later command in a shell whose settings lead to another daemon would start every pod a second time there,
 * or would remove nothing and report success.
 */
import { type ClusterSettings, type EngineRecord, UserError } from '../cli/cluster-port.ts';
import { RuntimeError } from '../runtime/container/container-runtime.ts';
import { type DockerAddress, daemonVariable, dockerAddress, type Environment } from '../runtime/container/docker/docker-endpoint.ts';

/** How to find the engine. */
export interface EngineSearch {
  readonly env: Environment;
  /** The identity of a daemon. Rejects with RuntimeError when none answers. */
  identify(address: DockerAddress): Promise<string>;
}

const same = (a: DockerAddress, b: DockerAddress): boolean => a.host === b.host;

/**
 * The recorded engine, unless an environment variable names one. Without a record, the engine that the docker command
 * would use. Rejects with UserError.
 */
export async function findEngine(
  { profile, engine }: Pick<ClusterSettings, 'profile' | 'engine'>,
  { env, identify }: EngineSearch,
): Promise<EngineRecord> {
  const variable = daemonVariable(env);
  const { host, tls }: DockerAddress = engine !== undefined && variable === undefined ? engine : dockerAddress(env);
  const address = { host, ...(tls === undefined ? {} : { tls }) };
  const id = await identify(address).catch((error: unknown) => {
    if (engine === undefined || variable === undefined || same(address, engine) || !(error instanceof RuntimeError)) throw error;
    throw new UserError(`no Docker daemon answers at ${host}, which ${variable} names: ${error.message}`, [elsewhere(engine, variable)], {
      cause: error,
    });
  });
  if (engine === undefined || engine.id === id) return { ...address, id };
  if (variable === undefined || same(address, engine)) {
    throw new UserError(`the Docker daemon at ${host} is another one than profile ${JSON.stringify(profile)} was made with`, [
      "The cluster's containers are not on it. Bring the former daemon back, with its data,",
      `or remove what is left of the cluster: minik delete --force -p ${profile}`,
    ]);
  }
  throw new UserError(`${variable} names another Docker daemon (${host}) than profile ${JSON.stringify(profile)} is on`, [
    elsewhere(engine, variable),
    'A cluster on that daemon needs a profile of its own: minik start -p NAME',
  ]);
}

const elsewhere = (engine: EngineRecord, variable: string): string =>
  `The cluster's containers are on ${engine.host}: unset ${variable}, and that one is used.`;
