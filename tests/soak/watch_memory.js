// node watch_memory.js PID: ten times a second, what the processes under PID use, as the kernel counts it. A line a sample:
//   ms since 1970, PSS and RSS of all processes under PID, PSS and RSS of PID itself (kB), processes, µs that the sample took
// Ends when PID has ended. A process of its own, so that nothing but the kernel has a say in it.
import { closeSync, openSync, readSync, readdirSync } from 'node:fs';
import { setPriority } from 'node:os';

const kEvery = 100; // ms
const kRenew = 1000; // ms
const root = Number(process.argv[2]);
const buffer = Buffer.alloc(16 << 10);

function read(path) {
  let file;
  try {
    file = openSync(path, 'r');
    return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
  } catch {
    return ''; // it has ended
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const kB = (text, key) => Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0);

// When it was born (in ticks); undefined: it is gone, or a zombie, which has no memory.
function born(pid) {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.length > 20 && !'ZX'.includes(fields[0]) ? fields[19] : undefined;
}

function children(pid) {
  let threads = [];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    // gone
  }
  return threads.flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).trim().split(' ').filter(Boolean).map(Number));
}

// Whoever was once seen under the root counts until it is gone, wherever it has moved: an orphan uses memory, too.
// A process's PSS is asked for anew when its resident size has changed, when somebody came or went, and once a second: the kernel
// walks all its pages for it, some 15 ms for each GB.
const members = new Map(); // pid → { born, resident, pss, rss, at }
function look(now) {
  let changed = false;
  for (const [pid, member] of members) if (born(pid) !== member.born) changed = members.delete(pid);
  for (const queue = [root, ...members.keys()]; queue.length > 0; ) {
    for (const child of children(queue.pop())) {
      if (members.has(child)) continue;
      const when = born(child);
      if (when === undefined) continue;
      changed = true;
      members.set(child, { born: when, pss: 0, rss: 0, at: 0 });
      queue.push(child);
    }
  }
  let pss = 0;
  let rss = 0;
  for (const [pid, member] of members) {
    const resident = read(`/proc/${pid}/statm`).split(' ')[1];
    if (changed || resident !== member.resident || now - member.at >= kRenew) {
      const text = read(`/proc/${pid}/smaps_rollup`);
      Object.assign(member, { resident, pss: kB(text, 'Pss'), rss: kB(text, 'Rss'), at: now });
    }
    pss += member.pss;
    rss += member.rss;
  }
  const own = read(`/proc/${root}/smaps_rollup`);
  return [pss, rss, kB(own, 'Pss'), kB(own, 'Rss'), members.size];
}

try {
  setPriority(-10); // on a busy machine it would come late
} catch {
  // only root may
}
const since = born(root);
let due = Date.now();
function sample() {
  if (since === undefined || born(root) !== since) return;
  const at = Date.now();
  const cpu = process.cpuUsage();
  const seen = look(at);
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(`${at} ${seen.join(' ')} ${user + system}\n`);
  due = Math.max(due + kEvery, Date.now() - kRenew); // a little lateness is made up for
  setTimeout(sample, due - Date.now());
}
sample();
