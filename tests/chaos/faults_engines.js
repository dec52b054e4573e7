// Engines that die, stand still, are slow, or do not compute any more although they say that they are well.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { join } from 'node:path';
import { freeze } from '../clients/support.js';
import { pause } from './processes.js';
import { engineNames } from './requests.js';
import { bin } from './site.js';
import { strike } from './strike.js';

const kWedge = 10; // seconds; a wedge is noticed sooner

const health = (site, name) =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(site.data, 'run/engines', name, 'engine.sock'), path: '/health', agent: false }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode)));
    asked.on('error', reject).end();
  });

// Holds one thread where it is, as if it waited for a lock that nobody gives back; the process's other threads go on.
class Held {
  static async take(thread) {
    const held = new Held();
    held.process = spawn(join(bin, '../tests/hold_thread'), [String(thread)], { stdio: ['pipe', 'pipe', 'inherit'] });
    held.process.stdin.on('error', () => {}); // it may have ended with its thread
    held.ended = new Promise((resolve) => held.process.on('exit', resolve));
    await Promise.race([new Promise((resolve) => held.process.stdout.once('data', resolve)), held.ended.then((code) => assert.fail(`hold_thread ended with ${code}`))]);
    return held;
  }

  async release() {
    this.process.stdin.end();
    await this.ended;
  }
}

// Stands still most of the time, but never for as long as a wedge takes.
async function slowly(random, pid, seconds) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    process.kill(pid, 'SIGSTOP');
    await pause(random.between(1500, 3000));
    process.kill(pid, 'SIGCONT');
    await pause(random.between(150, 300));
  }
}

export async function run(campaign) {
  const site = await campaign.site();
  const { random } = site;
  await campaign.kind('killed', 'engine killed (`kill -9`)', {}, (row) => strike(site, row, random.pick(engineNames), (pid) => process.kill(pid, 'SIGKILL')));
  await campaign.kind('stopped', 'engine stopped (`SIGSTOP`), asked meanwhile', { bound: kWedge }, (row) => strike(site, row, random.pick(engineNames), freeze));
  await campaign.kind('wedged', 'language model’s computing thread stuck, `/health` still says 200', { bound: kWedge }, async (row) => {
    let held;
    try {
      await strike(site, row, 'llama-tiny', async (pid) => {
        held = await Held.take(pid);
        assert.equal(await health(site, 'llama-tiny'), 200);
      });
    } finally {
      await held?.release();
    }
  });
  await campaign.kind('slow', 'engine slow (stopped nine tenths of 12 s): must not be replaced', {}, async (row) => {
    const name = random.pick(['embed', 'speech', 'ocr', 'llama-tiny']);
    const was = (await site.engine(name)).restarts;
    let slowed;
    await strike(site, row, name, async (pid) => (slowed = slowly(random, pid, 12)), { replaced: false, after: () => slowed });
    assert.equal((await site.engine(name)).restarts, was, `${name} was slow and was replaced`);
  });
}
