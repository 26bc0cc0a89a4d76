/** The versions that minik reports. */
import packageJson from '../package.json' with { type: 'json' };

/** minik's own, from package.json. */
export const minikVersion: string = packageJson.version;

/** The version of the Kubernetes API that minik serves, which is that of its schemas. */
export const kubernetesVersion = 'v1.36.0';

/** The same version as in OpenAPI documents: `1.36`. */
export const kubernetesMinorVersion: string = kubernetesVersion.slice(1).split('.').slice(0, 2).join('.');
