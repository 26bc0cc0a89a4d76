/** The versions that minik reports. */
import packageJson from '../package.json' with { type: 'json' };

/** minik's own, from package.json. */
export const minikVersion: string = packageJson.version;

/** Of the Kubernetes API that minik serves: that of the schemas it carries. */
export const kubernetesVersion = 'v1.36.0';

/** The same as the documents of OpenAPI say it: `1.36`. */
export const kubernetesMinorVersion: string = kubernetesVersion.slice(1).split('.').slice(0, 2).join('.');
