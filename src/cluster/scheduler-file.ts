/** The scheduler of a cluster, and the file that configures it. */
import { readFileSync } from 'node:fs';
import { errorText } from '../api/error-text.ts';
import { YamlError } from '../api/yaml/yaml-error.ts';
import { yamlToJson } from '../api/yaml/yaml-to-json.ts';
import { type ClusterSettings, UserError } from '../cli/cluster-port.ts';
import type { Running } from '../controllers/running.ts';
import { SchedulerConfigurationError } from '../controllers/scheduler/configuration/profile.ts';
import {
  defaultConfiguration,
  type SchedulerConfiguration,
  schedulerConfiguration,
} from '../controllers/scheduler/configuration/scheduler-configuration.ts';
import { defaultPlugins } from '../controllers/scheduler/plugins/default-plugins.ts';
import { type SchedulerOptions, startScheduler } from '../controllers/scheduler/scheduler.ts';

type Settings = Pick<ClusterSettings, 'schedulerConfigFile'>;

/** What a cluster's settings configure; the default when they name no file. Throws UserError. */
export function readSchedulerFile({ schedulerConfigFile: path }: Settings): SchedulerConfiguration {
  if (path === undefined) return defaultConfiguration;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`the scheduler configuration cannot be read: ${errorText(error)}`, [], { cause: error });
  }
  return explained(path, () => schedulerConfiguration(yamlToJson(text).json, defaultPlugins));
}

/** Starts the scheduler as the cluster's settings say. Throws UserError. */
export const configuredScheduler = (settings: Settings, options: Omit<SchedulerOptions, 'configuration'>): Running =>
  explained(settings.schedulerConfigFile, () => startScheduler({ ...options, configuration: readSchedulerFile(settings) }));

function explained<T>(path: string | undefined, use: () => T): T {
  try {
    return use();
  } catch (error) {
    if (error instanceof SchedulerConfigurationError || error instanceof YamlError) {
      throw new UserError(`the scheduler configuration ${path} is not valid: ${error.message}`, [], { cause: error });
    }
    throw error;
  }
}
