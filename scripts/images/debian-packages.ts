/**
 * Downloads distribution packages with their dependencies for building images. It needs no root privileges and no
 * registry, and reads only the apt sources from the machine's package state.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.ts';

/** Packages that are needed only for installation or graphics are left out of the images. */
const unwanted =
  /^(perl.*|libperl.*|systemd|libsystemd-shared|debconf|cdebconf|dpkg|usrmerge|usr-is-merged|ucf|sensible-utils|init-system-helpers|fonts-.*|fontconfig.*|libfontconfig.*|libfreetype.*|libharfbuzz.*|libgraphite.*|libglib.*|libcups.*|libavahi.*|libasound.*|libnss3|libnspr4|liblcms.*|libjpeg.*|libpng.*|libpcsclite.*|ca-certificates.*|openssl|libnumber-.*|libtext-.*|libfile-.*|lib(cryptsetup|fdisk|devmapper|kmod|ip4tc|apparmor|argon2|json-c)[0-9.].*|dmsetup|util-linux.*|mount|tar|libcap2-bin|mariadb-common|mysql-common|adduser|passwd|libpam-.*|libsemanage.*|libsepol.*|gcc-.*-base|libaudit-common|krb5-locales|libdbus-1-3|libexpat1|libbrotli-dev|libsqlite3-0)$/;

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Absolute path of the downloaded .deb. */
  readonly file: string;
}

/**
 * A separate apt state under `folder`, whose package index is refreshed once. Packages that match `leftOut` are never
 * included.
 */
export class DebianPackages {
  readonly #folder: string;
  readonly #unwanted: RegExp;
  #updated = false;

  constructor(folder: string, leftOut: RegExp = unwanted) {
    this.#folder = folder;
    this.#unwanted = leftOut;
  }

  /** Downloads the named packages and all their dependencies, sorted by name. Throws when apt cannot provide them. */
  async fetch(names: readonly string[]): Promise<DebianPackage[]> {
    const archives = join(this.#folder, 'downloaded');
    mkdirSync(archives, { recursive: true });
    mkdirSync(join(this.#folder, 'archives', 'partial'), { recursive: true }); // stays empty, so that apt does not skip packages it finds there
    mkdirSync(join(this.#folder, 'lists', 'partial'), { recursive: true });
    writeFileSync(join(this.#folder, 'status'), '');
    if (!this.#updated) await this.#apt(['update'], archives);
    this.#updated = true;
    const plan = await this.#apt(['install', '--yes', '--no-install-recommends', '--print-uris', ...names], archives);
    const wanted = [...plan.matchAll(/^'[^']+' (\S+?)_(\S+?)_[^_\s]+\.deb /gm)]
      .map(([, name = '', version = '']) => ({ name, version: decodeURIComponent(version) }))
      .filter(({ name }) => !this.#unwanted.test(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const present = () => new Map(readdirSync(archives).map((file) => [file.split('_').slice(0, 2).join('_'), join(archives, file)]));
    const key = (p: { name: string; version: string }) => `${p.name}_${p.version.replaceAll(':', '%3a')}`;
    const before = present();
    const missing = wanted.filter((p) => !before.has(key(p)));
    if (missing.length > 0) await this.#apt(['download', ...missing.map((p) => `${p.name}=${p.version}`)], archives);
    const after = present();
    return wanted.map((p) => {
      const file = after.get(key(p));
      if (file === undefined) throw new Error(`apt did not download ${p.name} ${p.version}`);
      return { ...p, file };
    });
  }

  #apt(args: readonly string[], cwd: string): Promise<string> {
    const options = {
      'Dir::State::status': join(this.#folder, 'status'),
      'Dir::State::lists': join(this.#folder, 'lists'),
      'Dir::Cache': this.#folder,
      'Dir::Cache::archives': join(this.#folder, 'archives'),
      'Debug::NoLocking': '1',
      'APT::Sandbox::User': 'root',
    };
    return capture('apt-get', ['-qq', ...Object.entries(options).flatMap(([k, v]) => ['-o', `${k}=${v}`]), ...args], { cwd });
  }
}
