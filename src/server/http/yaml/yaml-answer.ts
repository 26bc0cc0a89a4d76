/** What is said between the server and the thread that reads large YAML. */
import { YamlError } from '../../../api/yaml/yaml-error.ts';
import { yamlToJson } from '../../../api/yaml/yaml-to-json.ts';

/** A document, as JSON text since that crosses the threads cheaply, or why the text is no YAML. */
export type YamlAnswer = { readonly json: string; readonly duplicates: readonly string[] } | { readonly problem: string };

/** Reads a text in the thread that it is called in. */
export function yamlAnswer(text: string): YamlAnswer {
  try {
    const { json, duplicates } = yamlToJson(text);
    return { json: JSON.stringify(json), duplicates };
  } catch (error) {
    if (error instanceof YamlError) return { problem: error.message };
    throw error;
  }
}
