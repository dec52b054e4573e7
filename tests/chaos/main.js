// node main.js [GROUP …]: the campaign, or only these groups of it. Writes the table to CHAOS_DOCS when all were run, and to
// standard output in any case.
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Campaign } from './campaign.js';
import { draw } from './plot.js';
import { page, table } from './table.js';

// Four at a time: most of the time is waiting. The groups of a line that need nothing special share a box.
const lanes = [
  ['engines', 'start'],
  ['disk', 'packs', 'models'],
  ['answers', 'clock', 'daemon'],
  ['network', 'limits', 'sockets'],
];
const wanted = process.argv.slice(2);
const strange = wanted.filter((name) => !lanes.flat().includes(name));
if (strange.length > 0) {
  console.error(`no group of faults is called ${strange.join(', ')}; there are ${lanes.flat().join(', ')}`);
  process.exit(2);
}

const options = { repeats: process.env.CHAOS_REPEATS ?? '20', seed: Number(process.env.CHAOS_SEED ?? 1) };
async function work(groups) {
  const campaign = new Campaign(options);
  for (const name of groups.filter((group) => wanted.length === 0 || wanted.includes(group))) {
    campaign.begin(name);
    try {
      const group = await import(`./faults_${name}.js`);
      await group.run(campaign);
    } catch (error) {
      console.error(error.stack);
      campaign.leftovers.push(`the group "${name}" broke off: ${error.message}`);
    }
  }
  await campaign.end();
  return campaign;
}

const campaign = new Campaign(options);
const began = performance.now();
for (const part of await Promise.all(lanes.map(work))) {
  campaign.rows.push(...part.rows);
  campaign.leftovers.push(...part.leftovers);
}
campaign.seconds = (performance.now() - began) / 1000;
console.log(`\n${table(campaign.rows)}`);
for (const left of campaign.leftovers) console.error(`BROKEN ${left}`);
const docs = process.env.CHAOS_DOCS;
if (wanted.length === 0 && docs) {
  const picture = `${basename(docs, '.md')}.svg`;
  await writeFile(docs, page(campaign, picture));
  await writeFile(join(dirname(docs), picture), draw(campaign.rows));
}
process.exit(campaign.failed ? 1 : 0);
