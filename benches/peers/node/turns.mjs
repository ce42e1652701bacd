// The loop of a timed program: a line `WORK TIMES` comes in, the nanoseconds that it took go out. Several requests are
// under way at once, as in a server under load: Node.js checks signatures on other threads, and a request alone would
// wait for them.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const IN_FLIGHT = 8;

export const fixture = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const run = (work, times) => Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
  for (let i = 0; i < times / IN_FLIGHT; i += 1) await work();
}));

export async function serve(name, works) {
  const { version } = createRequire(import.meta.url)(`./node_modules/${name}/package.json`);
  const language = `Node.js ${process.versions.node}`;
  console.log(JSON.stringify({ package: name, version, language, works: Object.keys(works) }));
  for await (const line of createInterface({ input: process.stdin })) {
    const [work, times] = line.split(' ');
    // Not timed: what other programs drove out of the caches comes back.
    await run(works[work], times / 4);
    const start = process.hrtime.bigint();
    await run(works[work], Number(times));
    console.log(String(process.hrtime.bigint() - start));
  }
}
