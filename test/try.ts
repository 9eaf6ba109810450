import { openRegistry, readTool } from "./fixtures/registry.ts";
import { openPublisher } from "./fixtures/publishing.ts";
import { mkdtemp } from "node:fs/promises";
const crane = await readTool("crane");
for (const kind of ["docker-registry", "crane"] as const) {
  const r = await openRegistry({ kind });
  const folder = await mkdtemp("/tmp/pub-try/p-");
  const p = await openPublisher({
    folder,
    repository: `${r.host}/example/prosody`,
    crane,
    env: r.env,
    targets: [
      { version: "13.0.1", words: "a" },
      { version: "0.12.3", words: "b" },
      { version: "13.0.1", variant: "full", words: "c" },
    ],
  });
  console.log(JSON.stringify(await p.plan(), null, 1).slice(0, 3000));
  console.time("run");
  console.log(await p.run());
  console.timeEnd("run");
  console.log(p.said);
  console.time("noop");
  console.log(await p.run());
  console.timeEnd("noop");
  console.log(await p.repository.tags());
  await r.stop();
}
