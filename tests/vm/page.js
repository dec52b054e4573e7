// docs/reliability-vm.md, from what was seen.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { qemuVersion } from './guest.js';

const titles = {
  install: 'Installed from the Debian package',
  packs: 'Engine packs and models',
  memory: 'An engine that leaks',
  clock: 'A clock that jumps',
  cuts: 'Power cuts',
};

export async function page(all, { accelerator, seed, kernel }) {
  const groups = [...new Set(all.map((row) => row.group))];
  const failed = all.filter((row) => !row.good).length;
  const table = (group) => {
    const rows = all.filter((row) => row.group === group);
    return `## ${titles[group]}\n\n| | |\n|---|---|\n${rows.map((row) => `| ${row.what} | ${row.good ? '' : '**failed:** '}${row.figure.replace(/\|/g, '\\|')} |`).join('\n')}\n`;
  };
  const host = `${cpus().length} × ${cpus()[0].model.trim()}, Linux ${execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim()}`;
  return `# Reliability in a machine of its own

<!-- Written by tools/test-vm (\`make test-vm\`). -->

The Debian package on a Debian 12 that mmdebstrap made: systemd, cgroup v2, 2 processors, 2 GiB, in QEMU ${await qemuVersion()}
(${accelerator === 'kvm' ? 'KVM' : 'emulation: everything takes some ten times as long as on the processor itself'}). ${host}; in the machine Linux ${kernel}. ${new Date().toISOString().slice(0, 10)},
seed ${seed}: ${all.length - failed} passed, ${failed} failed.

${groups.map(table).join('\n')}
## What this shows, and what it does not

* **The sandbox in the hardened unit.** Each engine's namespaces, capabilities, system call filter and control group are read
  from \`/proc\` in the machine, not taken from hearthd's word. The pack is made by apt inside the unit, from a repository that the
  tests sign.
* **The leak** is a fixture engine that takes 4 MiB at a time. Its \`memory\` is 2 GiB, so that \`RLIMIT_DATA\` does not stop it before
  the control group does.
* **The clock** is set with \`date -s\` while chats are streamed and embeddings asked for. Uploads have a life span by the clock (30 days at
  most), so ten years on they may be gone.
* **A power cut** is a \`kill -9\` of QEMU. What the machine had not written is lost with its memory. Of what it had written but not
  flushed, all that is new on the disk is lost too: the disk is a qcow2 layer that begins empty with each life, and QEMU
  writes down where new data lie (in steps of 64 KiB) when the machine flushes. What a disk of a real computer may do beyond that (to
  lie about a flush, to tear a sector) is not shown. The host goes on running, so its own cache counts as the disk.
* **Acknowledged** is what a client saw: a key that was printed, a file that was answered with its id, a pull or a removal whose
  command ended well. After each start all of it is looked for from outside, keys and files of the last three lives are used and read,
  at the end all of them; \`hearth models verify\` reads every model. A third of the cuts come while the machine starts.
`;
}
