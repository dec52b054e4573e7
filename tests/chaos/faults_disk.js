// The data folder's disk is full. It is a small file system in memory of the campaign's own.
import assert from 'node:assert/strict';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { form } from '../clients/support.js';
import { pause, run as command } from './processes.js';
import { ask } from './requests.js';
import { kLarge, makeModel, newFolder, Site } from './site.js';
import { askUntil, takeStock, waitFor, warm } from './strike.js';
import { pull, Web } from './web.js';

const kSize = 96 << 20;

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

async function lossless(site, row, names, damaged, mend) {
  await warm(site, names);
  await pause(site.random.between(0, 300));
  const pids = await site.running();
  const members = await site.remember();
  const before = await newKey(site, 'before');
  assert.ok(before.key, before.error);
  const began = performance.now();
  await damaged();
  const struck = performance.now();
  const during = await newKey(site, 'during');
  row.noticed.push(performance.now() - struck);
  if (during.key) row.broke('a key was given out that the disk had no room for');
  else if (!/space|room|full|disk/i.test(during.error)) row.broke(`the error does not say why: ${during.error.slice(0, 200)}`);
  // A file for later is refused, and everything that needs no disk goes on.
  const upload = await form(site.box, '/v1/files', { file: Buffer.alloc(1 << 20, 'x'), purpose: 'ocr' }).then(async (answer) => (await answer.arrayBuffer(), answer.status));
  if (upload < 400) row.broke(`an upload that has no room was answered with ${upload}`);
  row.count(await Promise.all(['embeddings', 'speech', 'ocr', 'chat'].map((kind) => ask(site.box, kind))));
  await pause(500);
  await mend();
  const mended = performance.now();
  let after;
  await waitFor(async () => (after = await newKey(site, 'after')).key, `keys can be kept again (${after?.error})`);
  row.recovered.push(performance.now() - mended);
  for (const { key } of [before, after]) if (!(await counts(site, key))) row.broke('a key that was acknowledged does not count');
  await takeStock(site, row, { began, victims: [], pids, members });
}

export async function run(campaign) {
  const data = await newFolder();
  await command('mount', ['-t', 'tmpfs', '-o', `size=${kSize},mode=0755`, 'hearth-chaos', data]);
  const web = await Web.start('2m');
  try {
    const site = await Site.open(campaign.random, { data, env: { HEARTH_MODELS_KEEP_FREE: '0', HEARTH_SERVER_AUTH: 'required' } });
    site.mounted = true;
    await makeModel(join(web.root, 'large.gguf'), kLarge);
    const source = await web.address('large.gguf');
    const all = ['embed', 'speech', 'ocr', 'llama-tiny'];
    await campaign.kind('full', 'data folder’s disk full in use, then freed', {}, async (row) => {
      let free;
      await lossless(site, row, all, async () => (free = await fill(data)), () => free());
    });
    await campaign.kind('full-pull', 'disk full during a pull, then freed', {}, async (row) => {
      await warm(site, all);
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
      if (first.event === 'failed') ++row.actions;
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
