// A network namespace for a box, with two cables: one to who uses the box, and one to the world, which can be pulled. The
// world's end of both is here, in the tests' own namespace. It needs root.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ip = (...words) => run('ip', words);

// Why there can be none; null: there can.
export async function obstacle() {
  if (process.getuid() !== 0) return 'it takes root to make a network namespace';
  const works = await run('unshare', ['-n', 'ip', 'link', 'add', 'end0', 'type', 'veth', 'peer', 'name', 'end1']).then(
    () => true,
    () => false,
  );
  return works ? null : 'network namespaces with a cable cannot be made here';
}

export class Cable {
  static async start() {
    const cable = new Cable();
    const id = process.pid % 16_384;
    const at = (second, host) => `10.${second}.${id >> 6}.${(id & 63) * 4 + host}`;
    cable.space = `hearth-line-${id}`;
    cable.near = `hline${id}a`;
    cable.far = `hline${id}b`;
    cable.box = at(217, 2); // where the box listens
    cable.world = at(218, 1); // where the world is, seen from the box
    await ip('netns', 'add', cable.space);
    for (const [name, inside, first] of [
      [cable.near, 'near0', 217],
      [cable.far, 'far0', 218],
    ]) {
      await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', inside, 'netns', cable.space);
      await ip('addr', 'add', `${at(first, 1)}/30`, 'dev', name);
      await ip('link', 'set', name, 'up');
      await ip('-n', cable.space, 'addr', 'add', `${at(first, 2)}/30`, 'dev', inside);
      await ip('-n', cable.space, 'link', 'set', inside, 'up');
    }
    await ip('-n', cable.space, 'link', 'set', 'lo', 'up');
    await ip('-n', cable.space, 'route', 'add', 'default', 'via', cable.world, 'dev', 'far0');
    return cable;
  }

  // Runs a program behind it: `through` of a Box.
  get through() {
    return ['ip', 'netns', 'exec', this.space];
  }

  plugIn() {
    return ip('link', 'set', this.far, 'up');
  }

  unplug() {
    return ip('link', 'set', this.far, 'down');
  }

  async stop() {
    await ip('link', 'del', this.near);
    await ip('link', 'del', this.far);
    await ip('netns', 'del', this.space);
  }
}
