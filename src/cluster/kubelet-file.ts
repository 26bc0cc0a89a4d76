/** The file that configures the cluster's kubelets. */
import { readFileSync } from 'node:fs';
import { errorText } from '../api/error-text.ts';
import { YamlError } from '../api/yaml/yaml-error.ts';
import { yamlToJson } from '../api/yaml/yaml-to-json.ts';
import { type ClusterSettings, UserError } from '../cli/cluster-port.ts';
import {
  defaultKubeletConfig,
  type KubeletConfig,
  KubeletConfigError,
  kubeletConfiguration,
} from '../runtime/kubelet/config/kubelet-config.ts';

/** What a cluster's settings configure; the defaults when they name no file. Throws UserError. */
export function readKubeletFile({ kubeletConfigFile: path }: Pick<ClusterSettings, 'kubeletConfigFile'>): KubeletConfig {
  if (path === undefined) return defaultKubeletConfig;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`the kubelet's configuration cannot be read: ${errorText(error)}`, [], { cause: error });
  }
  try {
    return kubeletConfiguration(yamlToJson(text).json);
  } catch (error) {
    if (!(error instanceof KubeletConfigError || error instanceof YamlError)) throw error;
    throw new UserError(`the kubelet's configuration ${path} is not valid: ${error.message}`, [], { cause: error });
  }
}
