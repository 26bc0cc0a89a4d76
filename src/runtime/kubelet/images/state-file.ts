/** A small JSON file that outlives the kubelet. Its writes follow one another, and each leaves a whole file. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from '../../../api/errno.ts';
import { makeFolder } from '../host-files.ts';

export class StateFile {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined when there is no such file, or none that can be understood. */
  async read(): Promise<unknown> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    }
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  /** Writes what `content` returns when its turn has come. */
  async write(content: () => unknown): Promise<void> {
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        await makeFolder(dirname(this.#path), 0o755);
        await writeFile(`${this.#path}.new`, JSON.stringify(content()), { mode: 0o600 });
        await rename(`${this.#path}.new`, this.#path);
      });
    await this.#writing;
  }
}
