// node main.js [GROUP …]: the campaign, or only these groups of it. Writes the table to CHAOS_DOCS when all were run, and to
// standard output in any case.
import { writeFile } from 'node:fs/promises';
import { Campaign } from './campaign.js';
import { page, table } from './table.js';

const groups = ['engines', 'limits', 'sockets', 'start', 'models', 'packs', 'disk', 'network', 'daemon'];
const wanted = process.argv.slice(2);
const strange = wanted.filter((name) => !groups.includes(name));
if (strange.length > 0) {
  console.error(`no group of faults is called ${strange.join(', ')}; there are ${groups.join(', ')}`);
  process.exit(2);
}

const seed = Number(process.env.CHAOS_SEED ?? 1);
const campaign = new Campaign({ repeats: process.env.CHAOS_REPEATS ?? '20', seed });
for (const name of groups.filter((group) => wanted.length === 0 || wanted.includes(group))) {
  console.log(`== ${name}`);
  campaign.begin(name);
  try {
    const group = await import(`./faults_${name}.js`);
    await group.run(campaign);
  } catch (error) {
    console.error(error.stack);
    campaign.leftovers.push(`the group "${name}" broke off: ${error.message}`);
  }
}
console.log(`\n${table(campaign.rows)}`);
for (const left of campaign.leftovers) console.error(`BROKEN ${left}`);
if (wanted.length === 0 && process.env.CHAOS_DOCS) await writeFile(process.env.CHAOS_DOCS, page(campaign));
process.exit(campaign.failed ? 1 : 0);
