// The socket of an engine that runs is taken away, or something else lies in its place.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { engineNames } from './requests.js';
import { strike } from './strike.js';

export async function run(campaign) {
  const site = await campaign.site();
  const { random } = site;
  const socket = (name) => join(site.data, 'run/engines', name, 'engine.sock');
  const replace = async (name) => {
    const what = random.pick(['nothing', 'file', 'folder', 'other name']);
    if (what === 'other name') return rename(socket(name), `${socket(name)}.stolen`);
    await rm(socket(name));
    if (what === 'file') await writeFile(socket(name), 'no socket');
    if (what === 'folder') await mkdir(socket(name));
  };
  // Whoever is connected to it stays so: nothing is to be noticed.
  await campaign.kind('socket', 'engine’s socket removed, renamed, replaced by a file or a folder: must go on', {}, (row) => {
    const name = random.pick(engineNames);
    let was;
    return strike(site, row, name, (pid) => ((was = pid), replace(name)), {
      replaced: false,
      after: async () => {
        if ((await site.engine(name)).pid !== was) row.broke(`${name} was replaced`);
        await site.box.hearth('engines', 'restart', name); // so that there is a socket to take away again
      },
    });
  });
  await campaign.kind('socket-killed', 'the same, and the engine killed', {}, (row) => {
    const name = random.pick(engineNames);
    return strike(site, row, name, async (pid) => {
      await replace(name);
      process.kill(pid, 'SIGKILL');
    });
  });
}
