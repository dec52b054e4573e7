// node main.js [GROUP …]: all of it, or these groups (and the installation before). Writes VM_DOCS when there are figures of
// all. The last line is "N passed, N failed".
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Checks } from './checks.js';
import { clock } from './clock.js';
import { cuts } from './cuts.js';
import { install } from './install.js';
import { memory } from './memory.js';
import { packs } from './packs.js';
import { page } from './page.js';
import { Site } from './site.js';

const together = { install, packs, memory, clock }; // in one life of the machine
const groups = [...Object.keys(together), 'cuts'];
const wanted = process.argv.slice(2);
const strange = wanted.filter((name) => !groups.includes(name));
if (strange.length > 0) {
  console.error(`there is no group ${strange.join(', ')}; there are ${groups.join(', ')}`);
  process.exit(2);
}
const chosen = (name) => wanted.length === 0 || wanted.includes(name);

const checks = new Checks();
const seed = Number(process.env.VM_SEED ?? 1);
const site = await Site.open({ image: process.env.VM_IMAGE, deb: process.env.VM_DEB, seed });
const keyFile = `${site.box}.key`;
const reuse = process.env.VM_REUSE === '1';

// With VM_REUSE=1, groups that are not run now are those of the runs before, with the same package.
const rowsFile = `${site.box}.rows`;
const deb = createHash('sha256').update(await readFile(process.env.VM_DEB)).digest('hex');
const before = reuse ? JSON.parse(await readFile(rowsFile, 'utf8').catch(() => '{}')) : {};
let { kernel } = before;
function allRows() {
  const ran = new Set(checks.rows.map((row) => row.group));
  const kept = before.deb === deb ? before.rows.filter((row) => !ran.has(row.group)) : [];
  return [...kept, ...checks.rows].sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group));
}

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, async () => {
    await site.close();
    process.exit(130);
  });

async function group(name, work) {
  checks.begin(name);
  try {
    await work(site, checks);
  } catch (error) {
    console.error(error.stack);
    checks.add('the rest of it', error.message.slice(0, 300), false);
  }
  await writeFile(rowsFile, JSON.stringify({ deb, kernel, rows: allRows() }));
}

// What is done in one life of the machine.
async function live() {
  if (reuse) {
    const guest = await site.boot();
    await guest.up();
    await guest.ready();
  } else {
    await group('install', install);
    await group('packs', packs); // a machine without a model has nothing to lose, nor to chat with
  }
  kernel = await site.guest.run('uname -r');
  for (const name of ['memory', 'clock']) if (chosen(name)) await group(name, together[name]);
  if (process.env.VM_LOG) await writeFile(process.env.VM_LOG, await site.guest.run('journalctl -b --no-pager'));
  await site.guest.off();
  await site.keep();
  await writeFile(keyFile, site.key, { mode: 0o600 });
}

try {
  if (reuse) site.key = (await readFile(keyFile, 'utf8')).trim();
  if (!reuse || chosen('memory') || chosen('clock')) await live();
  if (chosen('cuts')) await group('cuts', cuts);
} finally {
  await site.close();
}
const rows = allRows();
if (groups.every((name) => rows.some((row) => row.group === name))) await writeFile(process.env.VM_DOCS, await page(rows, { accelerator: process.env.VM_ACCEL, seed, kernel }));
console.log(`${checks.rows.length - checks.failed} passed, ${checks.failed} failed`);
process.exit(checks.failed ? 1 : 0);
