// What a pull needs goes away in the middle and comes back: the server, the cable, the names. Nothing else may notice.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Far } from './far.js';
import { pause } from './processes.js';
import { kLarge, makeModel, Site } from './site.js';
import { askUntil, takeStock, warm } from './strike.js';
import { pull, Web } from './web.js';

const kAll = ['embed', 'speech', 'ocr', 'llama-tiny'];
const kRate = '2m';

// A pull in whose course `strike(seen)` does harm and `mend` ends it; `ready(event)`: now. Well again: its next bytes.
async function pullThrough(site, row, body, { ready, strike, mend }) {
  await warm(site, kAll);
  const pids = await site.running();
  const members = await site.remember();
  const began = performance.now();
  let struck = 0;
  let noticed = 0;
  let back = 0;
  let done = 0;
  let again = 0;
  let healing = Promise.resolve();
  const harm = async () => {
    struck = performance.now();
    await strike();
    await pause(site.random.between(200, 5000));
    await mend();
    back = performance.now();
  };
  if (!ready) healing = harm();
  const last = await pull(site.box, { ...body, name: 'large' }, (event) => {
    if (ready && !struck && event.event === 'progress' && ready(event)) healing = harm();
    if (struck && !noticed && event.event === 'retrying') noticed = performance.now();
    if (event.event !== 'progress') return;
    if (back && !again && event.done > done) again = performance.now();
    done = event.done;
  });
  await healing;
  if (last.event !== 'installed') row.broke(`the pull ended: ${last.message}`);
  if (!struck) row.broke('it was over before anything happened');
  if (noticed) row.noticed.push(noticed - struck);
  row.recovered.push((again || performance.now()) - back);
  if (last.event === 'installed') await site.box.hearth('models', 'rm', 'large');
  await site.box.hearth('models', 'gc');
  await askUntil(site, row, 'embeddings');
  await takeStock(site, row, { began, victims: [], pids, members });
}

async function serverDies(campaign, site) {
  const web = await Web.start(kRate);
  await makeModel(join(web.root, 'large.gguf'), kLarge);
  const source = await web.address('large.gguf');
  const { size } = await stat(join(web.root, 'large.gguf'));
  await campaign.kind('server-dies', 'server of a pull killed midway, then started again: the pull must go on by itself', {}, (row) => {
    const point = site.random.between(0.1, 0.6) * size;
    return pullThrough(site, row, { source }, { ready: (event) => event.done >= point, strike: () => web.down(), mend: () => web.up() });
  });
  await web.stop();
}

async function wayIsCut(campaign, site, far) {
  const { random } = site;
  const { names } = far;
  await makeModel(join(far.web.root, 'large.gguf'), kLarge);
  const { size } = await stat(join(far.web.root, 'large.gguf'));
  let number = 0;
  // Each time another name: the answers of name servers are remembered.
  const body = async () => ({ source: await far.web.address('large.gguf', `far${++number}.hearth.test`), insist: true });
  await campaign.kind('network', 'network down during a pull (cable pulled), then up: the pull must go on by itself', {}, async (row) => {
    const point = random.between(0.1, 0.6) * size;
    await pullThrough(site, row, await body(), { ready: (event) => event.done >= point, strike: () => far.unplug(), mend: () => far.plugIn() });
  });
  const outages = {
    silent: [() => (names.mute = true), () => (names.mute = false)],
    gone: [() => names.down(), () => names.up()],
    nameless: [() => (names.nameless = true), () => (names.nameless = false)],
  };
  await campaign.kind('dns', 'name server silent, gone or without the name when a pull begins, then well: the pull must go on by itself', {}, async (row) => {
    const [strike, mend] = outages[random.pick(Object.keys(outages))];
    await pullThrough(site, row, await body(), { strike, mend });
  });
}

export async function run(campaign) {
  const far = await Far.start(kRate);
  try {
    const site = await Site.open(campaign.random, { through: far.through });
    await serverDies(campaign, site);
    await wayIsCut(campaign, site, far);
    await campaign.close(site);
  } finally {
    await far.stop();
  }
}
