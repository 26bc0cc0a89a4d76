/** The messages between the server and the thread that reads large YAML. */
import { YamlError } from '../../../api/yaml/yaml-error.ts';
import { yamlToJson } from '../../../api/yaml/yaml-to-json.ts';

/** A document as JSON text, which is cheap to pass between threads, or the reason why the text is not YAML. */
export type YamlAnswer = { readonly json: string; readonly duplicates: readonly string[] } | { readonly problem: string };

/** Reads a text in the calling thread. */
export function yamlAnswer(text: string): YamlAnswer {
  try {
    const { json, duplicates } = yamlToJson(text);
    return { json: JSON.stringify(json), duplicates };
  } catch (error) {
    if (error instanceof YamlError) return { problem: error.message };
    throw error;
  }
}
