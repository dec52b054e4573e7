// What the machine is given: a disk to start from, a file system with what is to be installed, and a web server of models
// and Debian packages, which it reaches as 10.0.2.2.
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../chaos/random.js';
import { Web } from '../chaos/web.js';
import { Guest, newLayer, run } from './guest.js';

const root = new URL('../../', import.meta.url).pathname;
const tests = join(root, 'build/release/tests');
const kSuite = 'forky'; // packs.suite's default

// A fixture of the tests that takes memory on command, as an engine that somebody else's package brought.
const leaky = `name: leaky
title: Takes more and more memory
program: program
models:
  - id: leaky-1
    task: transcription
memory: 2 GiB
reserve: 32 MiB
idle_stop: 0
args: []
`;

// A signed repository of the packages that the pack's recipe once fetched.
async function makeRepository(folder, keyring) {
  const pool = join(folder, 'pool');
  await mkdir(pool, { recursive: true });
  const debs = join(root, 'build/packs/debs');
  for (const name of await readdir(debs)) if (name.endsWith('.deb')) await cp(join(debs, name), join(pool, name));
  const dist = join(folder, 'dists', kSuite);
  await mkdir(join(dist, 'main/binary-amd64'), { recursive: true });
  const index = await run('apt-ftparchive', ['packages', 'pool'], { cwd: folder, maxBuffer: 64 << 20 });
  await writeFile(join(dist, 'main/binary-amd64/Packages'), index.stdout);
  const options = Object.entries({ Suite: kSuite, Codename: kSuite, Components: 'main', Architectures: 'amd64' }).flatMap(([key, value]) => ['-o', `APT::FTPArchive::Release::${key}=${value}`]);
  const release = await run('apt-ftparchive', [...options, 'release', dist]);
  await writeFile(join(dist, 'Release'), release.stdout);
  const home = await mkdtemp(join(tmpdir(), 'hearth-gpg-'));
  const gpg = (...args) => run('gpg', ['--homedir', home, '--batch', '--quiet', ...args]);
  await gpg('--passphrase', '', '--quick-gen-key', 'vm@packs.test', 'ed25519', 'sign', 'never');
  await gpg('--clearsign', '--output', join(dist, 'InRelease'), join(dist, 'Release'));
  await gpg('--output', keyring, '--export');
  await run('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
  await rm(home, { recursive: true });
}

export class Site {
  static async open({ image, deb, seed }) {
    const site = new Site();
    Object.assign(site, { image, random: new Random(seed), folder: process.env.VM_FOLDER ?? join(root, 'build/vm') });
    site.box = join(site.folder, 'box.qcow2');
    site.life = join(site.folder, 'life.qcow2');
    site.web = await Web.start();
    site.mirror = `http://10.0.2.2:${site.web.port}`;
    await site.load(deb);
    return site;
  }

  async load(deb) {
    const folder = await mkdtemp(join(tmpdir(), 'hearth-cargo-'));
    await cp(deb, join(folder, 'hearth.deb'));
    await makeRepository(this.web.root, join(folder, 'packs.gpg'));
    const engine = join(folder, 'leaky');
    await mkdir(engine);
    await cp(join(tests, 'fixture_engine'), join(engine, 'program'));
    await writeFile(join(engine, 'engine.yaml'), leaky);
    await run('chmod', ['-R', 'a+rX', folder]);
    this.cargo = join(this.folder, 'cargo.img');
    await rm(this.cargo, { force: true });
    await run('mkfs.ext4', ['-q', '-F', '-d', folder, this.cargo, '128M']);
    await rm(folder, { recursive: true });
  }

  // Puts a language model onto the web server; the name under which the guest may pull it.
  async makeModel(name, options = []) {
    const file = join(this.web.root, `${name}.gguf`);
    await run(join(tests, 'make_tiny_models'), ['llama', file, ...options]);
    await chmod(file, 0o644);
    const digest = createHash('sha256').update(await readFile(file)).digest('hex');
    return `${this.mirror}/${name}.gguf#sha256=${digest}`;
  }

  // The machine as make-image left it, or as this box's disk has it. What it writes goes into a layer of its own.
  async boot(fresh = false) {
    if (fresh) await newLayer(this.box, join(this.image, 'disk.raw'), 'raw');
    await newLayer(this.life, this.box, 'qcow2');
    this.guest = await Guest.boot({ image: this.image, folder: this.folder, disk: this.life, cargo: this.cargo, key: this.key });
    return this.guest;
  }

  // What the machine wrote in this life becomes part of its disk.
  async keep() {
    await run('qemu-img', ['commit', '-q', this.life]);
  }

  async close() {
    if (this.guest && !this.guest.ended) await this.guest.cut();
    await this.web.stop();
  }
}
