import { openScene } from "./fixtures/compliance/scene.ts";
const image = process.argv[2]!;
const s = await openScene({ image, series: "13.0", domain: "example.org", env: { PROSODY_LOGLEVEL: "debug" } });
console.log(s.server.name);
process.on("SIGTERM", () => { void s.close().then(() => process.exit()); });
setInterval(() => {}, 1000);
