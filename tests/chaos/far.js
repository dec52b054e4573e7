// A server far away: nginx in a network namespace of its own, behind a cable that can be pulled, with a name that only our own
// name server knows. It needs root.
import { createSocket } from 'node:dgram';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run as command } from './processes.js';
import { newFolder } from './site.js';
import { Web } from './web.js';

const kNameServer = '127.213.0.53';
const kNotFound = 3; // a reply's code: there is no such name

// Answers every question for an IPv4 address, and says of all others that there is no such record.
class Names {
  constructor(address) {
    this.address = address.split('.').map(Number);
    this.mute = false;
  }

  up() {
    this.socket = createSocket('udp4');
    this.socket.on('message', (question, from) => !this.mute && this.socket.send(this.reply(question), from.port, from.address));
    return new Promise((resolve, reject) => this.socket.once('error', reject).bind(53, kNameServer, resolve));
  }

  down() {
    return new Promise((resolve) => this.socket.close(resolve));
  }

  reply(question) {
    let end = 12;
    while (question[end] !== 0) end += question[end] + 1;
    const type = question.readUInt16BE(end + 1);
    const asked = question.subarray(12, end + 5);
    const found = type === 1 && !this.nameless;
    const head = Buffer.alloc(12);
    question.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (this.nameless ? kNotFound : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(found ? 1 : 0, 6);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...this.address]);
    return Buffer.concat([head, asked, ...(found ? [record] : [])]);
  }
}

export class Far {
  static async start(rate) {
    const far = new Far();
    const id = process.pid % 60_000;
    const net = `10.213.${id >> 8}`;
    far.space = `hearth-chaos-${id}`;
    far.cable = `hchaos${id}`;
    far.address = `${net}.${(id & 0x3f) * 4 + 2}`;
    const ip = (...words) => command('ip', words);
    await ip('netns', 'add', far.space);
    await ip('link', 'add', far.cable, 'type', 'veth', 'peer', 'name', 'far0', 'netns', far.space);
    await ip('addr', 'add', `${net}.${(id & 0x3f) * 4 + 1}/30`, 'dev', far.cable);
    await ip('-n', far.space, 'addr', 'add', `${far.address}/30`, 'dev', 'far0');
    await ip('-n', far.space, 'link', 'set', 'far0', 'up');
    await ip('-n', far.space, 'link', 'set', 'lo', 'up');
    await far.plugIn();
    far.web = await Web.start(rate, { address: far.address, port: 80, through: ['ip', 'netns', 'exec', far.space] });
    far.names = new Names(far.address);
    await far.names.up();
    far.folder = await newFolder();
    far.resolver = join(far.folder, 'resolv.conf');
    await writeFile(far.resolver, `nameserver ${kNameServer}\n`);
    return far;
  }

  // Runs a program that asks our name server: `through` of a Box. It keeps none of the campaign's disks mounted: they could not
  // be mounted anew.
  get through() {
    return ['unshare', '--mount', 'sh', '-c', `mount --bind "$0" /etc/resolv.conf && grep -o '/[^ ]*/hearth-chaos-[^ ]*' /proc/mounts | xargs -r umount -l && exec "$@"`, this.resolver];
  }

  plugIn() {
    return command('ip', ['link', 'set', this.cable, 'up']);
  }

  unplug() {
    return command('ip', ['link', 'set', this.cable, 'down']);
  }

  async stop() {
    await this.names.down();
    await this.web.stop();
    await command('ip', ['link', 'del', this.cable]);
    await command('ip', ['netns', 'del', this.space]);
    await rm(this.folder, { recursive: true });
  }
}
