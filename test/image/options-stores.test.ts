import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, expect, it } from "vitest";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

beforeAll(useEngine);

it.each(imageSeries)("PROSODY_STORES: knows the stores that the modules of %s open", async (series) => {
  const script = `
  package.path = "/usr/lib/prosody-foundry/?.lua;" .. package.path
  local lfs, parse = require("lfs"), require("foundry.parse")
  local function look(folder)
    for entry in lfs.dir(folder) do
      local at = folder .. "/" .. entry
      local mode = not entry:find("^%.") and lfs.attributes(at, "mode")
      if mode == "directory" then look(at) end
      local text = mode == "file" and entry:find("%.lua$") and io.open(at):read("a") or ""
      for arguments in text:gmatch("open_store(%b())") do
        local is_unnamed = arguments == "()" or arguments:find("^%(nil")
        local name = arguments:match('^%("([%w_-]+)"') or is_unnamed and entry:match("^mod_(.*)%.lua$")
        if name then print(parse.stores(name .. ":memory") and "known" or at .. ": " .. name) end
      end
    end
  end
  for _, folder in ipairs({ "/usr/lib/prosody/modules", "/usr/lib/prosody-modules" }) do
    if lfs.attributes(folder, "mode") then look(folder) else print("no " .. folder) end
  end`;
  const args = [
    "run",
    "--rm",
    "--interactive",
    "--network=none",
    "--entrypoint=/usr/bin/lua5.4",
    await ensureProsodyImage(series),
    "-",
  ];
  const { stdout } = await runCommand("docker", args, { input: script });
  const lines = stdout.trimEnd().split("\n");
  expect(lines.length).toBeGreaterThan(40);
  expect(lines.filter((line) => line !== "known")).toEqual([]);
});
