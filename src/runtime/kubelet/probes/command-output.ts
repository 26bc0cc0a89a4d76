/**
 * Collects a command's output in a reproducible order. The engine delivers stdout and stderr in no fixed order relative
 * to each other. Source: kuberuntime_container.go (RunInContainer).
 */
import { PassThrough } from 'node:stream';

export interface CommandOutput {
  readonly stdout: PassThrough;
  readonly stderr: PassThrough;
  /** All of stdout, then all of stderr, each cut to its limit. */
  text(): string;
}

/** Keeps at most `maxBytes` of each stream. */
export function collectOutput(maxBytes: number): CommandOutput {
  const collect = () => {
    const stream = new PassThrough();
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      if (bytes < maxBytes) chunks.push(chunk);
      bytes += chunk.length;
    });
    return { stream, chunks };
  };
  const [out, err] = [collect(), collect()];
  return {
    stdout: out.stream,
    stderr: err.stream,
    text: () =>
      Buffer.concat([...out.chunks, ...err.chunks])
        .subarray(0, maxBytes)
        .toString('utf8'),
  };
}
