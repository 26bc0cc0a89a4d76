/** The folders of volumes on the host, as the controllers see them. All are idempotent. */
export interface VolumeFolders {
  /** Makes the folder of a volume that the cluster provisions, writable by every user; resolves with its path. */
  make(name: string): Promise<string>;
  /** Whether a path is that of a folder that `make` made: what users wrote into a volume is not trusted. */
  owns(path: string): boolean;
  /** Removes a folder with all that is in it. */
  remove(path: string): Promise<void>;
  /** Removes all that is in a folder. */
  empty(path: string): Promise<void>;
}
