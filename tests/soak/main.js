// node main.js: the soak. Writes the page to SOAK_DOCS and the picture beside it, and fails when something does not hold.
// SOAK_MINUTES, SOAK_STATIC_MINUTES, SOAK_BUDGET (MB), SOAK_SEED, SOAK_DATA (what was seen, as JSON lines).
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from './figures.js';
import { install, sizeOf } from './models.js';
import { page } from './page.js';
import { openBox, phase } from './phase.js';
import { picture } from './picture.js';
import { plan } from './plan.js';
import { Answers } from './requests.js';

const number = (name, usual) => {
  const value = Number(process.env[name] ?? usual);
  if (!(value > 0)) throw new Error(`${name} is to be a number above 0, not "${process.env[name]}"`);
  return value;
};
const build = new URL('../../build', import.meta.url).pathname;
const seed = number('SOAK_SEED', 1);
const seconds = number('SOAK_MINUTES', 30) * 60;
const half = Math.min(number('SOAK_STATIC_MINUTES', seconds / 60) * 30, seconds / 2); // seconds
const budget = number('SOAK_BUDGET', 2000) * 1e6;
const kAmple = 12e9; // more than all models together need
const items = plan(seed, seconds);

const data = await mkdtemp(join(tmpdir(), 'hearth-soak-'));
process.on('exit', () => console.log(`\n${process.exitCode ? 'the soak does not hold' : 'everything that must hold, held'}`));
try {
  await symlink(join(build, 'packs'), join(data, 'packs'));
  console.log('making models');
  const box = await openBox(data, kAmple);
  await install(box, join(build, 'soak-models'));
  box.process.kill('SIGTERM');
  await box.exited;

  const answers = new Answers();
  const alike = { data, answers, items };
  const before = await phase({ ...alike, name: 'static assignment, before', budget: kAmple, from: 0, until: half, resident: true });
  const churn = await phase({ ...alike, name: 'churn', budget, from: 0, until: seconds, resident: false });
  const after = await phase({ ...alike, name: 'static assignment, after', budget: kAmple, from: seconds - half, until: seconds, resident: true });

  const soak = { seed, churn, statics: [before, after], modelBytes: await sizeOf(join(build, 'soak-models')) };
  const verdicts = judge(soak);
  for (const { what, holds, figure } of verdicts) console.log(`${holds ? 'ok    ' : 'BROKEN'} ${what}: ${figure}`);
  for (const { name, results } of [before, churn, after]) for (const { ok, at, kind, model, ms, why } of results) if (!ok) console.log(`${name}, ${at.toFixed(1)} s, ${model ?? kind}, after ${ms.toFixed(0)} ms: ${why}`);
  if (process.env.SOAK_DATA) await writeFile(process.env.SOAK_DATA, [before, churn, after].map((one) => JSON.stringify(one)).join('\n'));
  if (process.env.SOAK_DOCS) {
    await writeFile(process.env.SOAK_DOCS, page(soak, verdicts));
    await writeFile(process.env.SOAK_DOCS.replace(/\.md$/, '-memory.svg'), picture(churn));
  }
  process.exitCode = verdicts.every(({ holds }) => holds) ? 0 : 1;
} catch (error) {
  console.error(error.stack);
  process.exitCode = 1;
}
await rm(data, { recursive: true, force: true, maxRetries: 5 });
process.exit();
