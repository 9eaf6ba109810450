import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { accountsExpression } from "../fixtures/load-accounts.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

// Prosody's own limit is a thousand.
const users = 1100;
let server: ProsodyServer | undefined;

beforeAll(useEngine);
afterEach(async () => server?.close());

/** A message to each; answers how many of the lists of who has an archive were written since `folder` was emptied. */
const writeToAll = `(function ()
  local st, lfs = require "util.stanza", require "lfs"
  local folder = "/var/lib/prosody/example%2eorg/archive_cleanup"
  for file in lfs.dir(folder) do os.remove(folder .. "/" .. file) end
  for index = 0, ${users - 1} do
    local to = "crowd" .. index .. "@example.org"
    prosody.core_post_stanza(prosody.hosts["example.org"], st.message({ to = to, from = "a@example.org/x", type = "chat" }, "hello"))
  end
  local written = 0
  for file in lfs.dir(folder) do if file:find("%.dat$") then written = written + 1 end end
  return written
end)()`.replaceAll(/\s+/gu, " ");

describe.each(imageSeries)("%s with many users", (series) => {
  it("notes once a day who has messages to expire, not with every message", async () => {
    server = await startProsody({ image: await ensureProsodyImage(series) });
    expect(await server.ask(accountsExpression(server.domain, users))).toBe(String(users));
    await server.ask('require "lfs".mkdir("/var/lib/prosody/example%2eorg/archive_cleanup")');
    expect(Number(await server.ask(writeToAll))).toBeGreaterThan(0);
    expect(await server.ask(writeToAll)).toBe("0");
  });
});
