// What the kernel says of processes, and what may be done to them from outside.
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const stat = async (pid) => {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (line === null) return null;
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], parent: Number(fields[1]), born: fields[19] };
};

// A process and all that descend from it, each with the time of its birth: a number alone may be another's later.
export async function family(root) {
  const all = new Map();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const found = await stat(name);
    if (found) all.set(Number(name), found);
  }
  const members = [];
  const queue = [root];
  while (queue.length) {
    const pid = queue.shift();
    const found = all.get(pid);
    if (found) members.push({ pid, born: found.born });
    for (const [child, { parent }] of all) if (parent === pid) queue.push(child);
  }
  return members;
}

export async function lives({ pid, born }) {
  const found = await stat(pid);
  return found !== null && found.born === born && !['Z', 'X'].includes(found.state);
}

// Which of them still live after the kernel had time to end them.
export async function leftOf(members, patience = 15_000) {
  const end = Date.now() + patience;
  for (;;) {
    const left = [];
    for (const member of members) if (await lives(member)) left.push(member);
    if (left.length === 0 || Date.now() > end) return left;
    await pause(50);
  }
}

export const openFiles = async (pid) => (await readdir(`/proc/${pid}/fd`)).length;

// Bytes of its data, as RLIMIT_DATA counts them.
export async function dataBytes(pid) {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmData:\s+(\d+) kB$/m.exec(text)[1]) * 1024;
}

// The soft limit only, and as the process's own user: more takes rights that even root may lack.
export async function limit(pid, what, value) {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  const id = (name) => new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)[1];
  await run('setpriv', ['--reuid', id('Uid'), '--regid', id('Gid'), '--clear-groups', 'prlimit', '--pid', String(pid), `--${what}=${value}:`]);
}

// `what` as /proc/PID/limits calls it.
export async function softLimit(pid, what) {
  return new RegExp(`^${what}\\s+(\\d+|unlimited)`, 'm').exec(await readFile(`/proc/${pid}/limits`, 'utf8'))[1];
}
