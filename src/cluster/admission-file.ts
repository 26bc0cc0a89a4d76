/** The file that configures admission plugins. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { errorText } from '../api/error-text.ts';
import type { JsonValue } from '../api/json.ts';
import { YamlError } from '../api/yaml/yaml-error.ts';
import { yamlToJson } from '../api/yaml/yaml-to-json.ts';
import { type ClusterSettings, UserError } from '../cli/cluster-port.ts';
import {
  type AdmissionConfiguration,
  AdmissionConfigurationError,
  admissionConfiguration,
} from '../server/admission/admission-configuration.ts';

function parsed(path: string): JsonValue {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`the admission configuration cannot be read: ${errorText(error)}`, [], { cause: error });
  }
  return yamlToJson(text).json;
}

/** What a cluster's settings configure; nothing when they name no file. Throws UserError. */
export function readAdmissionFile({ admissionConfigFile: path }: Pick<ClusterSettings, 'admissionConfigFile'>): AdmissionConfiguration {
  if (path === undefined) return {};
  try {
    return admissionConfiguration(parsed(path), (other) => parsed(resolve(dirname(path), other)));
  } catch (error) {
    if (error instanceof AdmissionConfigurationError || error instanceof YamlError) {
      throw new UserError(`the admission configuration ${path} is not valid: ${error.message}`, [], { cause: error });
    }
    throw error;
  }
}
