// A disk whose power can be cut: an ext4 in a file, mounted by loop.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const SIZE = '64M';
// <linux/ext4.h>: EXT4_IOC_SHUTDOWN is _IOR('X', 125, __u32), and this flag means that not even the log is flushed.
const SHUTDOWN = 0x8004587d;
const NO_LOG_FLUSH = 2;
const PERL = `open(my $root, '<', $ARGV[0]) or die; my $flag = pack('L', ${NO_LOG_FLUSH}); ioctl($root, ${SHUTDOWN}, $flag) or die $!`;

const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });

export class CutDisk {
  /** Where it is mounted. */
  folder;
  #image;

  /** Makes the disk, in a file in `base`. @throws when this may not be done here */
  constructor(base) {
    this.#image = path.join(base, 'disk.img');
    this.folder = path.join(base, 'disk');
    mkdirSync(this.folder);
    run('truncate', '-s', SIZE, this.#image);
    run('mkfs.ext4', '-q', '-F', this.#image);
    this.mount();
  }

  /** Mounts it; after a cut the file system replays its log. */
  mount() {
    run('mount', '-o', 'loop', this.#image, this.folder);
  }

  /** Makes all that is there now survive a cut. */
  sync() {
    run('sync', '-f', this.folder);
  }

  /** From here on nothing gets to the disk, and whoever tries is told so. */
  cut() {
    run('perl', '-e', PERL, this.folder);
    return Promise.resolve();
  }

  /** As {@link cut}, some milliseconds from now. */
  async cutSoon() {
    await promisify(execFile)('perl', ['-e', PERL, this.folder]);
  }

  /** Fails if anything there is still open. */
  unmount() {
    run('umount', this.folder);
  }

  /** Takes it away, whatever is still open there. */
  remove() {
    run('umount', '-l', this.folder);
  }
}
