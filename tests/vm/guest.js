// A machine in QEMU: its disk, its life, its sudden end. As far as the tests' helpers care it is a box: it has a url and a key.
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { access, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Agent } from './agent.js';

export const run = promisify(execFile);
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const patience = 900_000; // ms; against hanging only: emulation on a busy machine is slow

export async function waitFor(condition, what, ms = patience) {
  const end = performance.now() + ms;
  for (let last; ; ) {
    try {
      last = await condition();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${ms / 1000} s (${last?.message ?? JSON.stringify(last)})`);
    await pause(100);
  }
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// A disk that shows another one, and takes what is written itself.
export async function newLayer(file, below, format) {
  await rm(file, { force: true });
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', below, '-F', format, file]);
}

export const qemuVersion = async () => /version (\S+)/.exec((await run('qemu-system-x86_64', ['--version'])).stdout)[1];

export class Guest {
  // `image`: the folder of make-image; `disk`: a qcow2 file; `cargo`: a file system that the guest may read.
  static async boot({ image, folder, disk, cargo, key }) {
    const guest = new Guest();
    Object.assign(guest, { folder, key, began: performance.now() });
    const port = await freePort();
    guest.url = `http://127.0.0.1:${port}`;
    const agent = join(folder, 'agent.sock');
    await rm(agent, { force: true });
    // What the guest has flushed is in QEMU's file, and stays when QEMU is killed. What it has not is lost as far as it was
    // new: QEMU writes down where such data lie when the guest flushes.
    guest.process = spawn(
      'nice',
      ['-n', '10', 'qemu-system-x86_64', '-machine', 'q35', '-cpu', process.env.VM_ACCEL === 'kvm' ? 'host' : 'max', '-smp', '2', '-m', '2048', '-nodefaults', '-no-reboot', '-display', 'none',
        '-accel', process.env.VM_ACCEL === 'kvm' ? 'kvm' : 'tcg,thread=multi,tb-size=256',
        '-kernel', join(image, 'vmlinuz'), '-initrd', join(image, 'initrd'), '-append', 'root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 panic=-1 mitigations=off no_timer_check',
        '-serial', `file:${join(folder, 'console.log')}`,
        '-drive', `file=${disk},if=none,id=disk,format=qcow2,cache=writeback`, '-device', 'virtio-blk-pci,drive=disk',
        '-drive', `file=${cargo},if=none,id=cargo,format=raw,readonly=on`, '-device', 'virtio-blk-pci,drive=cargo',
        '-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:8420`, '-device', 'virtio-net-pci,netdev=net,romfile=',
        '-device', 'virtio-serial-pci', '-chardev', `socket,id=agent,path=${agent},server=on,wait=off`, '-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0',
        '-device', 'virtio-rng-pci'],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    guest.process.stderr.setEncoding('utf8').on('data', (text) => (said += text));
    guest.exited = new Promise((resolve) => guest.process.on('exit', (code, signal) => resolve({ code, signal })));
    guest.exited.then((end) => (guest.ended = end));
    await waitFor(() => guest.ended || access(agent).then(() => true), 'QEMU starts');
    if (guest.ended) throw new Error(`QEMU ended at once: ${said}`);
    guest.agent = new Agent(agent);
    return guest;
  }

  // Resolves when commands can be given; seconds since it was switched on.
  async up() {
    await this.agent.open(patience);
    return (performance.now() - this.began) / 1000;
  }

  async try(command, ms) {
    return this.agent.run(command, ms);
  }

  // Its output; a command that fails is an error.
  async run(command, ms) {
    const { code, out, err } = await this.agent.run(command, ms);
    if (code !== 0) throw new Error(`"${command}" failed with ${code}: ${(err || out).trim().slice(-600)}`);
    return out.trim();
  }

  async hearth(args) {
    return this.run(`hearth ${args}`);
  }

  async status() {
    return JSON.parse(await this.hearth('status --json'));
  }

  async engine(name) {
    return (await this.status()).engines.find((engine) => engine.name === name);
  }

  // hearthd is up by systemd's and its own word.
  async ready() {
    return waitFor(async () => (await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(5000) })).status === 200, 'hearthd is ready');
  }

  // As when the plug is pulled.
  async cut() {
    this.agent.close();
    // `nice` has become QEMU: it is one process.
    this.process.kill('SIGKILL');
    await this.exited;
  }

  async off() {
    await this.agent.ask('guest-shutdown', {}, 2000).catch(() => {}); // it answers by going
    const late = setTimeout(() => this.process.kill('SIGKILL'), patience);
    const end = await this.exited;
    clearTimeout(late);
    this.agent.close();
    return end.signal === null;
  }
}
