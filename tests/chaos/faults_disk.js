// The data folder's disk is full, turns read-only, or does not answer. They are small disks of the campaign's own.
import assert from 'node:assert/strict';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { form } from '../clients/support.js';
import { Load } from './load.js';
import { LoopDisk } from './loop_disk.js';
import { pause, run as command } from './processes.js';
import { ask } from './requests.js';
import { kLarge, makeModel, newFolder, Site } from './site.js';
import { askUntil, takeStock, waitFor, warm } from './strike.js';
import { pull, Web } from './web.js';

const kSize = 96 << 20;
const kAll = ['embed', 'speech', 'ocr', 'llama-tiny'];
const kNoDisk = ['embeddings', 'speech', 'ocr', 'chat']; // requests that need no disk

// Writes until there is no room, and tells how to give it back.
async function fill(folder) {
  const path = join(folder, 'ballast');
  const file = await open(path, 'w');
  for (let size = 1 << 20; size >= 1; size = size > 4096 ? size / 2 : 0) {
    for (;;) {
      try {
        const { bytesWritten } = await file.write(Buffer.alloc(size));
        if (bytesWritten < size) break;
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
        break;
      }
    }
  }
  await file.close();
  return () => rm(path);
}

// A key that was given out must work; one that could not be kept must not be given out.
const newKey = (site, name) => site.box.hearth('keys', 'new', name, '--quiet').then((key) => ({ key: key.trim() }), (error) => ({ error: error.stderr }));
const counts = async (site, key) => (await fetch(`${site.box.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status === 200;

// What holds while nothing can be written: it is said, and everything that needs no disk goes on.
async function refuses(site, row, why) {
  const struck = performance.now();
  const during = await newKey(site, 'during');
  row.noticed.push(performance.now() - struck);
  if (during.key) row.broke('a key was given out that could not be kept');
  else if (!why.test(during.error)) row.broke(`the error does not say why: ${during.error.slice(0, 200)}`);
  const upload = await form(site.box, '/v1/files', { file: Buffer.alloc(1 << 20, 'x'), purpose: 'ocr' }).then(async (answer) => (await answer.arrayBuffer(), answer.status));
  if (upload < 400) row.broke(`an upload that cannot be kept was answered with ${upload}`);
  const answers = await Promise.all(kNoDisk.map((kind) => ask(site.box, kind)));
  row.count(answers);
  for (const { ok, kind, why: what } of answers) if (!ok) row.broke(`${kind} failed: ${what}`);
  await pause(500);
}

// A key as it is before a fault, all engines warm, and what takeStock() wants to know.
async function prepare(site, names) {
  await warm(site, names);
  await pause(site.random.between(0, 300));
  const pids = await site.running();
  const members = await site.remember();
  const before = await newKey(site, 'before');
  assert.ok(before.key, before.error);
  return { before, stock: { began: performance.now(), victims: [], pids, members } };
}

// Keys can be kept again, and those that were acknowledged count.
async function keepsAgain(site, row, before) {
  let after;
  await waitFor(async () => (after = await newKey(site, 'after')).key, `keys can be kept again (${after?.error})`);
  for (const { key } of [before, after]) if (!(await counts(site, key))) row.broke('a key that was acknowledged does not count');
}

async function fullInUse(site, row) {
  const { before, stock } = await prepare(site, kAll);
  const free = await fill(site.data);
  await refuses(site, row, /space|room|full|disk/i);
  await free();
  const mended = performance.now();
  await keepsAgain(site, row, before);
  row.recovered.push(performance.now() - mended);
  await takeStock(site, row, stock);
}

// It takes a fresh mount to write again, and with it a fresh start, as when a box is switched off and on.
async function readOnlyInUse(site, row, disk) {
  const { before, stock } = await prepare(site, kAll);
  await disk.turnReadOnly();
  await refuses(site, row, /read-only|disk|write/i);
  await takeStock(site, row, stock);
  await site.load.stop();
  site.box.process.kill('SIGTERM');
  const { code, signal } = await site.box.exited;
  if (code !== 0) row.broke(`hearthd ended with ${code ?? signal}: ${site.box.log.slice(-300)}`);
  await waitFor(() => disk.unmount().then(() => true, () => false), 'the file system is free');
  await disk.mount();
  const mounted = performance.now();
  await site.reopen();
  await keepsAgain(site, row, before);
  const good = await askUntil(site, row, 'embeddings');
  row.recovered.push(good.ended - mounted);
  site.load = new Load(site.box);
}

async function frozenInUse(site, row, disk) {
  const { before, stock } = await prepare(site, kAll);
  let key;
  try {
    await disk.freeze();
    const writing = newKey(site, 'meanwhile').then((made) => (key = made));
    await pause(site.random.between(1000, 4000));
    const answers = await Promise.all(kNoDisk.map((kind) => ask(site.box, kind)));
    row.count(answers);
    for (const { ok, kind, why } of answers) if (!ok) row.broke(`${kind} failed: ${why}`);
    if (key) row.broke('a key was given out that the disk did not take');
    await disk.thaw();
    const thawed = performance.now();
    await writing;
    row.recovered.push(performance.now() - thawed);
  } catch (error) {
    await disk.thaw().catch(() => {});
    throw error;
  }
  if (!key.key) row.broke(`a key could not be kept: ${key.error}`);
  else if (!(await counts(site, key.key))) row.broke('a key that was acknowledged does not count');
  await keepsAgain(site, row, before);
  await takeStock(site, row, stock);
}

async function full(campaign) {
  const data = await newFolder();
  await command('mount', ['-t', 'tmpfs', '-o', `size=${kSize},mode=0755`, 'hearth-chaos', data]);
  const web = await Web.start('2m');
  try {
    const site = await Site.open(campaign.random, { data, env: { HEARTH_MODELS_KEEP_FREE: '0', HEARTH_SERVER_AUTH: 'required' } });
    site.mounted = true;
    await makeModel(join(web.root, 'large.gguf'), kLarge);
    const source = await web.address('large.gguf');
    await campaign.kind('full', 'data folder’s disk full in use, then freed', {}, (row) => fullInUse(site, row));
    await campaign.kind('full-pull', 'disk full during a pull, then freed', {}, async (row) => {
      await warm(site, kAll);
      const pids = await site.running();
      const members = await site.remember();
      const began = performance.now();
      const before = site.random.next() < 0.5; // full before the pull, or in the middle of it
      let filling = before ? fill(data) : null;
      await filling;
      let struck = performance.now();
      const first = await pull(site.box, { source, name: 'large' }, (event) => {
        if (filling || event.event !== 'progress') return;
        struck = performance.now();
        filling = fill(data);
      });
      if (first.event === 'failed') {
        row.noticed.push(performance.now() - struck);
        if (!/space|room|disk/i.test(first.message)) row.broke(`the error does not say why: ${first.message}`);
        const { data: installed } = JSON.parse(await site.box.hearth('models', 'installed', '--json'));
        if (installed.some((model) => model.name === 'large')) row.broke('a model is there by half');
      } else if (before) row.broke('a model was installed where there was no room');
      const free = await filling;
      await free?.();
      const mended = performance.now();
      const last = await pull(site.box, { source, name: 'large' });
      if (last.event !== 'installed') throw new Error(`it cannot be pulled when there is room: ${last.message}`);
      row.recovered.push(performance.now() - mended);
      await site.box.hearth('models', 'rm', 'large');
      await site.box.hearth('models', 'gc');
      await askUntil(site, row, 'embeddings');
      await takeStock(site, row, { began, victims: [], pids, members });
    });
    await campaign.close(site);
  } finally {
    await web.stop();
    await command('umount', ['-l', data]);
    await rm(data, { recursive: true });
  }
}

async function failing(campaign) {
  const disk = await LoopDisk.make(kSize);
  try {
    const site = await Site.open(campaign.random, { data: disk.folder, env: { HEARTH_MODELS_KEEP_FREE: '0', HEARTH_SERVER_AUTH: 'required' } });
    site.mounted = true;
    await campaign.kind('frozen', 'data folder’s disk does not answer for seconds (`fsfreeze`): must not be felt but by who writes', {}, (row) => frozenInUse(site, row, disk));
    await campaign.kind('read-only', 'data folder turns read-only in use (ext4 after an error), then mounted anew and hearthd started anew', {}, (row) => readOnlyInUse(site, row, disk));
    await campaign.close(site);
  } finally {
    await disk.remove();
  }
}

export async function run(campaign) {
  await full(campaign);
  await failing(campaign);
}
