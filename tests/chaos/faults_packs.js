// The pack that an engine runs in is deleted, and is to be made again from what was kept of it.
import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from './processes.js';
import { Site } from './site.js';
import { healed, takeStock, told, warm } from './strike.js';

const kName = 'llama-tiny';

export async function run(campaign) {
  const site = await Site.open(campaign.random, { ownPacks: true });
  const { random } = site;
  const pack = join(site.data, 'packs/llama.cpp');
  await campaign.kind('pack', 'engine pack deleted while its engine runs, at the next start it is not there: must be made anew from its kept files', {}, async (row) => {
    await warm(site, [kName]);
    await pause(random.between(0, 300));
    const pids = await site.running();
    const members = await site.remember();
    const began = performance.now();
    const version = join(pack, await readlink(join(pack, 'current')));
    const what = random.pick(['version', 'root', 'program']);
    await rm({ version, root: join(version, 'root'), program: join(version, 'root/usr/bin') }[what], { recursive: true });
    const running = await site.engine(kName);
    if (running?.pid > 0) process.kill(running.pid, 'SIGKILL');
    const struck = performance.now();
    row.noticed.push(await told(site, row, 'chat', pids.get(kName)) - struck);
    row.recovered.push(await healed(site, row, 'chat', () => site.box.hearth('engines', 'install', 'llama.cpp')));
    await takeStock(site, row, { began, victims: [kName], pids, members });
  });
  await campaign.close(site);
}
