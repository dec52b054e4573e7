// What the box says of itself, held against what its processes show.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { Box } from './harness.js';
import { embed, engine } from './support.js';

describe('hardware and placement', () => {
  let box;
  before(async () => (box = await Box.start()));
  after(() => box.stop());

  test('the inventory agrees with the kernel', async () => {
    const hardware = JSON.parse(await box.hearth('hardware', '--json'));
    const meminfo = await readFile('/proc/meminfo', 'utf8');
    assert.equal(hardware.memory.total, Number(/MemTotal:\s+(\d+)/.exec(meminfo)[1]) * 1024);
    assert.ok(hardware.cpu.usable >= 1 && hardware.cpu.usable <= availableParallelism());
    assert.ok(hardware.cpu.compute_threads >= 1 && hardware.cpu.compute_threads <= hardware.cpu.usable);
    assert.ok(hardware.data_space.free > 0 && hardware.data_space.free <= hardware.data_space.total);
    assert.match(await box.hearth('hardware'), /processor/);
  });
  test('every engine has its place, and gets the threads that the plan says', async () => {
    const plan = JSON.parse(await box.hearth('explain', 'placement', '--json'));
    const devices = plan.devices.map((d) => d.id);
    assert.ok(devices.includes('cpu'));
    const engines = (await box.engines()).map((e) => e.name).sort();
    assert.deepEqual(plan.placements.map((p) => p.engine), engines);
    for (const p of plan.placements) {
      assert.ok(p.device === null || devices.includes(p.device), p.device);
      assert.ok(p.reason.length > 0);
      assert.equal(p.others.length, devices.length - (p.device === null ? 0 : 1));
    }
    for (const pool of plan.pools) assert.ok(pool.used <= pool.bytes);
    assert.equal((await embed(box)).status, 200);
    const { pid, memory } = await engine(box, 'embed');
    const line = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    const { threads } = plan.placements.find((p) => p.engine === 'embed');
    assert.equal(Number(line[line.indexOf('--threads') + 1]), threads);
    // Once it runs, what it uses is known.
    const later = JSON.parse(await box.hearth('explain', 'placement', '--json')).placements.find((p) => p.engine === 'embed');
    assert.ok(memory > 0 && later.memory > memory / 2 && later.memory < memory * 2, `${later.memory} and ${memory}`);
  });
});
