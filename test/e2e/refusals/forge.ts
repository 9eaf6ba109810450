import path from "node:path";
import { serveForgery } from "../../fixtures/forged-mirror.ts";
import { cacheWithout, type Fault, locked } from "../../fixtures/repository-faults.ts";
import { upstream } from "./row.ts";

/** A server in upstream's place that changed the revision mod_lastlog2 is pinned at; Debian may not help out. */
export const forge: Fault = async (place) => {
  const folder = path.join(place.scratch, "forged");
  const forged = await serveForgery(place.upstreams, folder, "mod_lastlog2/mod_lastlog2.lua");
  place.undo.push(() => forged.stop());
  await cacheWithout("modules", "answers")(place);
  await locked((before) => {
    for (const source of Object.values(before.sources)) source.debian = [];
  })(place);
  return { FOUNDRY_MIRRORS: `${upstream}=${forged.url}` };
};
