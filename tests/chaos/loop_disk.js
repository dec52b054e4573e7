// A small disk of the campaign's own: ext4 in a file, so that it can fail as a disk does. It needs root.
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run as command } from './processes.js';
import { newFolder } from './site.js';

export class LoopDisk {
  static async make(bytes) {
    const disk = new LoopDisk();
    disk.base = await newFolder();
    disk.image = join(disk.base, 'image');
    disk.folder = join(disk.base, 'disk');
    await mkdir(disk.folder, { mode: 0o755 });
    const file = await open(disk.image, 'w');
    await file.truncate(bytes);
    await file.close();
    await command('mkfs.ext4', ['-q', '-F', disk.image]);
    await disk.mount();
    return disk;
  }

  mount() {
    return command('mount', ['-o', 'loop', this.image, this.folder]);
  }

  unmount() {
    return command('umount', [this.folder]);
  }

  // What the kernel does when it finds the file system damaged: from now on it is read-only, whoever has files open.
  // Only mounting it anew makes it writable again.
  turnReadOnly() {
    return command('mount', ['-o', 'remount,abort', this.folder]);
  }

  // Whoever writes waits, as for a disk that does not answer.
  freeze() {
    return command('fsfreeze', ['--freeze', this.folder]);
  }

  thaw() {
    return command('fsfreeze', ['--unfreeze', this.folder]);
  }

  async remove() {
    await command('umount', ['-l', this.folder]).catch(() => {});
    await rm(this.base, { recursive: true });
  }
}
