// The server that a model is pulled from dies in the middle, and comes back.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from './processes.js';
import { kLarge, makeModel } from './site.js';
import { askUntil, takeStock } from './strike.js';
import { pull, Web } from './web.js';

export async function run(campaign) {
  const web = await Web.start('2m');
  await makeModel(join(web.root, 'large.gguf'), kLarge);
  const source = await web.address('large.gguf');
  const { size } = await stat(join(web.root, 'large.gguf'));
  const site = await campaign.site();
  const { random } = site;
  await campaign.kind('server-dies', 'server of a pull dies midway and comes back: the pull must go on by itself', {}, async (row) => {
    const pids = await site.running();
    const members = await site.remember();
    const began = performance.now();
    const point = random.between(0.1, 0.8) * size;
    let killed = 0;
    let noticed = 0;
    let back = 0;
    let restarted = Promise.resolve();
    const last = await pull(site.box, { source, name: 'large' }, (event) => {
      if (!killed && event.event === 'progress' && event.done >= point) {
        killed = performance.now();
        restarted = web.down().then(async () => {
          await pause(random.between(200, 3000));
          await web.up();
          back = performance.now();
        });
      }
      if (killed && !noticed && event.event === 'retrying') noticed = performance.now();
    });
    await restarted;
    if (last.event !== 'installed') row.broke(`the pull ended: ${last.message}`);
    if (!killed) row.broke('it was over before the server died');
    if (noticed) row.noticed.push(noticed - killed);
    row.recovered.push(performance.now() - back);
    await site.box.hearth('models', 'rm', 'large');
    await site.box.hearth('models', 'gc');
    await askUntil(site, row, 'embeddings');
    await takeStock(site, row, { began, victims: [], pids, members });
  });
  await web.stop();
}
