// Copies of the build's engines that a fault may damage.
import { chmod, cp, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { bin, newFolder } from './site.js';

// A folder for HEARTH_ENGINES: the engines without what the build left beside them.
export async function copyEngines() {
  const from = process.env.HEARTH_ENGINES ?? join(bin, '../engines');
  const to = await newFolder();
  for (const name of await readdir(from))
    await cp(join(from, name), join(to, name), { recursive: true, dereference: true, filter: (path) => !/CMakeFiles|\.(a|o|cmake)$|\/tests(\/|$)/.test(path.slice(from.length)) });
  await chmod(to, 0o755);
  return to;
}

export const programOf = (engines, name) => join(engines, name, `hearth-${name}`);

// faulty_engine.cpp takes the place of these engines' programs.
export async function makeFaulty(engines, names) {
  for (const name of names) {
    await rename(programOf(engines, name), `${programOf(engines, name)}.real`);
    await cp(join(bin, '../tests/faulty_engine'), programOf(engines, name));
  }
}
