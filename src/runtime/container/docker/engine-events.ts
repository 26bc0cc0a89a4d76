import type { DockerApi } from './docker-api.ts';

/** An event as the Engine API sends it. */
export interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

export interface EngineEventReader {
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Called when the engine has begun to tell; it tells nothing of what happened before. */
  opened?(): void;
  event(event: EngineEvent): void;
}

/**
 * Reads the engine's event stream to its end. Rejects with RuntimeError when it cannot be opened, with other errors
 * when it breaks or is aborted.
 */
export async function readEngineEvents(
  api: DockerApi,
  filters: Readonly<Record<string, readonly string[]>>,
  reader: EngineEventReader,
): Promise<void> {
  const { signal } = reader;
  const source = await api.stream({ method: 'GET', path: '/events', query: { filters: JSON.stringify(filters) }, signal });
  const onAbort = (): void => void source.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    reader.opened?.();
    await readLines(source, (line) => reader.event(JSON.parse(line) as EngineEvent)); // the API's contract
  } finally {
    signal.removeEventListener('abort', onAbort);
    source.destroy();
  }
}

async function readLines(source: AsyncIterable<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  }
}
