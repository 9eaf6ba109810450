import { expect, it } from "vitest";
import { parseListing } from "./listing.ts";

it("a download page is read by its links, whatever made it, newest first and by number", () => {
  const html = `<html><h1>Index of /downloads/source</h1><pre>
<a href="../">../</a>
<A HREF='prosody-13.0.9.tar.gz'>prosody-13.0.9.tar.gz</A>  2026-10-01 12:00  700K
<a class=x href=prosody-13.0.10.tar.gz>prosody-13.0..&gt;</a>
<a href="/downloads/source/prosody-13.0.10.tar.gz.asc">sig</a>
<a href="https://example.org/else/prosody-0.12.5.tar.gz">old</a> <a href="prosody-0.12.5.tar.gz.sig">
<a href="prosody-14.0.0-rc1.tar.gz">rc</a> <a href="prosody-14.0rc1.tar.gz">rc</a>
<a href="prosody-13.0.11.tar.bz2">other</a> <a href="prosody-13.0.9.tar.gz.md5">md5</a>
<td>prosody-99.0.0.tar.gz</td>`;
  expect(parseListing(html)).toEqual([
    { version: "13.0.10", file: "prosody-13.0.10.tar.gz", signature: "prosody-13.0.10.tar.gz.asc" },
    { version: "13.0.9", file: "prosody-13.0.9.tar.gz", signature: null },
    { version: "0.12.5", file: "prosody-0.12.5.tar.gz", signature: "prosody-0.12.5.tar.gz.sig" },
  ]);
  expect(parseListing("<html>Please log in</html>")).toEqual([]);
});
