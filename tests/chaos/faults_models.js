// The file of a language model is overwritten, cut short or removed while its engine runs, and is so at the next start.
import assert from 'node:assert/strict';
import { chmod, open, readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from './processes.js';
import { makeModel, Site } from './site.js';
import { healed, takeStock, told, warm } from './strike.js';
import { pull, Web } from './web.js';

const kName = 'llama-tiny';

async function files(site) {
  const folder = join(site.data, 'models/tiny');
  const name = (await readdir(folder)).find((file) => file.endsWith('.gguf'));
  const blobs = join(site.data, 'models/blobs');
  return { model: join(folder, name), blobs };
}

const damage = {
  corrupt: async (site) => {
    const { model } = await files(site);
    await chmod(model, 0o644);
    const file = await open(model, 'r+');
    await file.write(Buffer.alloc(4096, 'no model '), 0, 4096, 0);
    await file.close();
  },
  truncated: async (site) => {
    const { model } = await files(site);
    await chmod(model, 0o644);
    await truncate(model, Math.floor(site.random.between(100, 10_000)));
  },
  removed: async (site) => {
    await rm((await files(site)).model);
  },
};

export async function run(campaign) {
  const web = await Web.start();
  await makeModel(join(web.root, 'tiny.gguf'));
  const source = await web.address('tiny.gguf');
  const site = await Site.open(campaign.random, { model: false, load: false });
  assert.equal((await pull(site.box, { source, name: 'tiny' })).event, 'installed');
  site.startLoad();
  const strikeModel = async (row, harm) => {
    await warm(site, [kName]);
    await pause(site.random.between(0, 300));
    const pids = await site.running();
    const members = await site.remember();
    const began = performance.now();
    await harm(site);
    await pause(300); // in use: whatever it still answers, it must not take others along
    const now = await site.engine(kName);
    if (now?.pid > 0 && now.pid === pids.get(kName)) process.kill(now.pid, 'SIGKILL');
    const struck = performance.now();
    row.noticed.push(await told(site, row, 'chat', pids.get(kName)) - struck);
    const pulled = async () => {
      const last = await pull(site.box, { source, name: 'tiny' });
      if (last.event !== 'installed') throw new Error(`it is not pulled again: ${last.message}`);
      if (last.was_there) row.broke('`hearth pull` says that the damaged model is there');
    };
    row.recovered.push(await healed(site, row, 'chat', pulled));
    await takeStock(site, row, { began, victims: [kName], pids, members });
  };
  const title = { corrupt: 'overwritten', truncated: 'cut short', removed: 'removed' };
  for (const [key, harm] of Object.entries(damage)) await campaign.kind(`model-${key}`, `model’s file ${title[key]} in use and at the next start: must be pulled again`, {}, (row) => strikeModel(row, harm));
  await campaign.close(site);
  await web.stop();
}
