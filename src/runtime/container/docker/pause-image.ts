import { createHash } from 'node:crypto';
import { RuntimeError } from '../container-runtime.ts';
import type { DockerApi } from './docker-api.ts';
import { PAUSE_PROGRAMS } from './pause-programs.ts';
import { tarArchive } from './tar.ts';

/** The path of the program inside the sandbox. */
export const PAUSE_PATH = '/pause';

/** The image of sandboxes, built on the daemon from the program in this package. All clusters share it. */
export class PauseImage {
  readonly #api: DockerApi;

  constructor(api: DockerApi) {
    this.#api = api;
  }

  /** The name changes with the program, so that a newer minik builds a new image. */
  get name(): string {
    const hash = createHash('sha256').update(JSON.stringify(PAUSE_PROGRAMS)).digest('hex');
    return `minik/pause:${hash.slice(0, 12)}`;
  }

  /**
   * Builds the image unless it exists. Throws RuntimeError 'Other' on an architecture for which minik has no program.
   */
  async ensure(): Promise<void> {
    if ((await this.#api.find({ method: 'GET', path: `/images/${this.name}/json` })) !== undefined) return;
    const { Arch } = await this.#api.json<{ Arch: string }>({ method: 'GET', path: '/version' });
    if (Arch !== 'amd64' && Arch !== 'arm64') throw new RuntimeError('Other', `no sandbox program for the engine's architecture ${Arch}`);
    const program = Buffer.from(PAUSE_PROGRAMS[Arch], 'base64');
    const [repo = '', tag = ''] = this.name.split(':');
    await this.#api.json({
      method: 'POST',
      path: '/images/create',
      query: { fromSrc: '-', repo, tag, changes: `ENTRYPOINT ["${PAUSE_PATH}"]`, message: 'minik pod sandbox' },
      file: tarArchive([{ path: PAUSE_PATH.slice(1), content: program, mode: 0o755 }]),
    });
  }
}
