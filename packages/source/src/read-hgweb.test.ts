import { runCommand, silent } from "@prosody-foundry/kit";
import { expect, it } from "vitest";
import { openHgweb } from "./read-hgweb.ts";
import type { SourceContext } from "./source.ts";

const context: SourceContext = {
  root: "/",
  cacheDir: "/",
  exec: runCommand,
  fetch: async () => Response.json({ error: "unknown revision" }, { status: 404 }),
  env: {},
  progress: silent,
  mirrors: {},
  offline: false,
  fetchDebian: async ({ suite }) => Promise.reject(new Error(`${suite} is not needed for this`)),
};

it.each(["", "plugins"])(
  "says of a stripped revision that it is unknown, however many modules of %j are asked for",
  async (folder) => {
    const web = openHgweb(
      { name: "s", kind: "hg", url: "https://hg.invalid/", folder },
      context,
      "https://hg.invalid/",
    );
    for (const name of ["mod_a", "mod_b", "mod_c", "mod_d", "mod_e"]) {
      await expect(web.readModule("a".repeat(40), name)).rejects.toMatchObject({ code: "REVISION_UNKNOWN" });
    }
  },
);
