// A program that cannot be started any more, as after an update that went wrong, until somebody puts it right.
import { rename, rm, writeFile } from 'node:fs/promises';
import { copyEngines, programOf } from './engine_copies.js';
import { pause } from './processes.js';
import { ask, kindOf } from './requests.js';
import { Site } from './site.js';
import { askUntil, takeStock, waitFor, warm } from './strike.js';

const kVictims = ['embed', 'speech', 'ocr', 'vision'];

export async function run(campaign) {
  const engines = await copyEngines();
  const site = await Site.open(campaign.random, { env: { HEARTH_ENGINES: engines } });
  const { random } = site;
  await campaign.kind('crash-loop', 'engine’s program crashes at every start, then is repaired', {}, async (row) => {
    const name = random.pick(kVictims);
    const program = programOf(engines, name);
    await warm(site, kVictims);
    const pids = await site.running();
    const members = await site.remember();
    const began = performance.now();
    await rename(program, `${program}.good`);
    await writeFile(program, random.pick(['#!/bin/sh\nexit 7\n', '#!/bin/sh\nkill -SEGV $$\n', 'no program at all']), { mode: 0o755 });
    process.kill(pids.get(name), 'SIGKILL');
    const struck = performance.now();
    const asked = [];
    // Asked all the time, it is told soon that the engine does not start.
    const told = await waitFor(async () => {
      asked.push(await ask(site.box, kindOf[name]));
      return asked.at(-1).why.startsWith('503') && (await site.engine(name)).last_error;
    }, `${name}: whoever asks is told`);
    row.noticed.push(performance.now() - struck);
    row.count(asked);
    if (!told) row.broke('no reason is given');
    await pause(random.between(0, 500));
    await rename(`${program}.good`, program);
    const mended = performance.now();
    const good = await askUntil(site, row, kindOf[name]);
    row.recovered.push(good.ended - mended);
    await takeStock(site, row, { began, victims: [name], pids, members });
  });
  await campaign.close(site);
  await rm(engines, { recursive: true });
}
