// The pack that an engine runs in is deleted, and made again from what was kept of it.
import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from './processes.js';
import { ask } from './requests.js';
import { Site } from './site.js';
import { askUntil, takeStock, waitFor, warm } from './strike.js';

const kName = 'llama-tiny';

export async function run(campaign) {
  const site = await Site.open(campaign.random, { ownPacks: true });
  const { random } = site;
  const pack = join(site.data, 'packs/llama.cpp');
  await campaign.kind('pack', 'engine pack deleted while its engine runs, then installed anew from its kept files', {}, async (row) => {
    await warm(site, [kName]);
    await pause(random.between(0, 300));
    const pids = await site.running();
    const members = await site.remember();
    const began = performance.now();
    const version = join(pack, await readlink(join(pack, 'current')));
    const what = random.pick(['version', 'root', 'program']);
    await rm({ version, root: join(version, 'root'), program: join(version, 'root/usr/bin') }[what], { recursive: true });
    const running = await site.engine(kName);
    if (running.pid > 0) process.kill(running.pid, 'SIGKILL');
    const struck = performance.now();
    const asked = [];
    await waitFor(async () => {
      asked.push(await ask(site.box, 'chat'));
      return !asked.at(-1).ok && (await site.engine(kName)).last_error;
    }, 'whoever asks is told that the pack is damaged');
    row.noticed.push(performance.now() - struck);
    row.count(asked);
    const { last_error: error } = await site.engine(kName);
    if (what !== 'program' && !/hearth engines install llama\.cpp/.test(error)) row.broke(`the reason does not say what to do: ${error}`);
    const mending = performance.now();
    ++row.actions;
    await site.box.hearth('engines', 'install', 'llama.cpp');
    const good = await askUntil(site, row, 'chat');
    row.recovered.push(good.ended - mending);
    await takeStock(site, row, { began, victims: [kName], pids, members });
  });
  await campaign.close(site);
}
