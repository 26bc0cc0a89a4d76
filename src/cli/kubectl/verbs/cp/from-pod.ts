/** `kubectl cp POD:PATH PATH`. Source: kubectl pkg/cmd/cp/cp.go copyFromPod, TarPipe. */
import { PassThrough } from 'node:stream';
import { goQuote } from '../../../../api/go-format.ts';
import type { Session } from '../../command/session.ts';
import { archivePrefix, type FileSpec } from './file-spec.ts';
import { execInPod } from './pod-exec.ts';
import { unpackTar } from './unpack.ts';

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The exit code of a tar that failed in the container. */
export class RemoteTarFailed extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super(`command terminated with exit code ${exitCode}`);
    this.name = 'RemoteTarFailed';
    this.exitCode = exitCode;
  }
}

/**
 * The archive of a remote path; if the transfer breaks off, it is resumed at the same byte, as often as `--retries`
 * allows.
 */
class TarPipe {
  readonly #session: Session;
  readonly #source: FileSpec;
  readonly #maxTries: number;
  #bytesRead = 0;
  #retries = 0;
  /**
   * Set when the archive has been read completely. Only padding can follow, so an end of the stream is then not a
   * failure.
   */
  complete = false;

  constructor(session: Session, source: FileSpec) {
    this.#session = session;
    this.#source = source;
    this.#maxTries = session.flags.int('retries');
  }

  /** The archive's bytes. Until the archive is complete, the stream ends only when no retries are left. */
  async *chunks(signal: AbortSignal): AsyncGenerator<Buffer> {
    yield* this.#once(0, signal);
    while (!this.complete && (this.#maxTries < 0 || this.#retries < this.#maxTries)) {
      signal.throwIfAborted();
      this.#retries += 1;
      this.#session.out(`Resuming copy at ${this.#bytesRead} bytes, retry ${this.#retries}/${this.#maxTries}\n`);
      yield* this.#once(this.#bytesRead + 1, signal);
    }
    if (!this.complete) this.#session.out(`Dropping out copy after ${this.#retries} retries\n`);
  }

  /** The archive from the given byte on; bytes are counted from 1. */
  async *#once(from: number, signal: AbortSignal): AsyncGenerator<Buffer> {
    const { file } = this.#source;
    const command = this.#maxTries === 0 ? ['tar', 'cf', '-', file] : ['sh', '-c', `tar cf - ${shellQuoted(file)} | tail -c+${from}`];
    const stdout = new PassThrough();
    const stderr = this.#session.terminal.stdout;
    const ended = execInPod(this.#session, { target: this.#source, command, stdout, stderr, signal }).then(
      (code) => {
        if (code === 0) stdout.end();
        else stdout.destroy(new RemoteTarFailed(code));
      },
      (error: unknown) => void stdout.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    for await (const chunk of stdout) {
      const bytes: Buffer = chunk;
      this.#bytesRead += bytes.length;
      yield bytes;
    }
    await ended;
  }
}

/** Copies a file or folder out of a container. Rejects with CommandError, StatusError or RemoteTarFailed. */
export async function copyFromPod(session: Session, source: FileSpec, destination: string): Promise<void> {
  const given = new AbortController();
  const signal = AbortSignal.any([session.signal, given.signal]);
  const pipe = new TarPipe(session, source);
  const chunks = pipe.chunks(signal);
  try {
    await unpackTar(chunks, {
      prefix: archivePrefix(source.file),
      destination,
      advice: `kubectl exec -n ${goQuote(source.namespace)} ${goQuote(source.pod)} -- tar cf - ${goQuote(source.file)} | tar xf -`,
      warn: (text) => session.err(text),
    });
    pipe.complete = true;
    for await (const _padding of chunks);
  } finally {
    given.abort();
  }
}
