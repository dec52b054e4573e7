// A box for the campaign: real engines, a tiny language model, clients that ask all the time, and an eye on its processes.
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Box } from '../clients/harness.js';
import { status } from '../clients/support.js';
import { Load } from './load.js';
import { family, leftOf, run } from './processes.js';
import { engineNames } from './requests.js';

export const bin = process.env.HEARTH_BIN_DIR ?? new URL('../../build/release/bin', import.meta.url).pathname;
export const packs = new URL('../../build/packs', import.meta.url).pathname;

export const newFolder = () => mkdtemp(join(tmpdir(), 'hearth-chaos-'));

// Pulls come from servers of the campaign's own: on this machine, and in far networks under a new name each time.
const servers = ['127.0.0.1', ...Array.from({ length: 60 }, (_, i) => `far${i + 1}.hearth.test`)];
// Nobody is turned away, and no engine leaves because it was not asked for a while: that would look like a fault.
const settings = Object.fromEntries([
  ['HEARTH_EGRESS_ALLOW', servers.join(',')],
  ...['embed', 'speech', 'transcribe', 'ocr', 'vision', 'media', 'llama'].flatMap((name) => [
    [`HEARTH_ENGINES_${name.toUpperCase()}_QUEUE`, '200'],
    [`HEARTH_ENGINES_${name.toUpperCase()}_IDLE_STOP`, '10h'],
  ]),
]);

// A dozen MiB: long enough on its way for something to happen to it.
export const kLarge = ['context=2048', 'embedding=256', 'layers=3', 'feed_forward=1024', 'weights=f32'];

export async function makeModel(file, options = ['context=2048']) {
  await run(join(bin, '../tests/make_tiny_models'), ['llama', file, ...options]);
  return file;
}

export class Site {
  // `data`: a folder that is there; `ownPacks`: packs that may be damaged; `load`: false for a box that is asked by nobody;
  // `through`: a command that runs hearthd.
  static async open(random, { data, env = {}, ownPacks = false, model = true, load = true, through = [] } = {}) {
    const site = new Site();
    site.members = [];
    site.env = env;
    site.through = through;
    site.random = random;
    site.data = data ?? (await newFolder());
    if (ownPacks) await cp(packs, join(site.data, 'packs'), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    else await symlink(packs, join(site.data, 'packs'));
    site.box = await Box.start([], { ...settings, ...env }, site.data, through);
    if (model) {
      site.file = await makeModel(join(site.data, 'tiny.gguf'));
      await site.box.hearth('pull', site.file, '--name', 'tiny');
    }
    if (load) site.startLoad();
    return site;
  }

  startLoad() {
    this.load = new Load(this.box);
  }

  // The same data folder, after its daemon has ended.
  async reopen() {
    this.box = await Box.start([], { ...settings, ...this.env }, this.data, this.through);
  }

  async engine(name) {
    return (await status(this.box)).engines.find((engine) => engine.name === name);
  }

  // The engines that run: name → process.
  async running() {
    const { engines } = await status(this.box);
    return new Map(engines.filter((engine) => engine.pid > 0 && engineNames.includes(engine.name)).map((engine) => [engine.name, engine.pid]));
  }

  async remember() {
    const now = await family(this.box.process.pid);
    const known = new Set(this.members.map((member) => `${member.pid}:${member.born}`));
    this.members.push(...now.filter((member) => !known.has(`${member.pid}:${member.born}`)));
    return now;
  }

  // Ends the box and tells what outlives it.
  async close() {
    await this.load?.stop();
    await this.remember();
    const early = this.box.process.exitCode !== null || this.box.process.signalCode !== null;
    this.box.process.kill('SIGTERM');
    const end = await this.box.exited;
    const left = await leftOf(this.members);
    if (!this.mounted) await rm(this.data, { recursive: true, force: true });
    return { end, early, left };
  }
}
