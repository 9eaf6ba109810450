import { expect, it } from "vitest";
import { parsePackages } from "./control.ts";
import { newestDate } from "./resolve-stage.ts";

const sha = "a".repeat(64);
const stanza = (fields: Record<string, string>): string =>
  `${Object.entries({
    Package: "libssl3t64",
    Version: "3.5.9-1~deb13u1",
    Architecture: "amd64",
    Filename: "pool/main/o/openssl/libssl3t64_3.5.9-1~deb13u1_amd64.deb",
    Size: "2450000",
    SHA256: sha,
    ...fields,
  })
    .map(([key, value]) => `${key}: ${value}\n`)
    .join("")}Description: libraries\n Filename: no field\n .\n The end\n`;

it.each([
  ["its own name and version, where nothing is said", {}, "libssl3t64", "3.5.9-1~deb13u1"],
  ["the one named, at its own version", { Source: "openssl" }, "openssl", "3.5.9-1~deb13u1"],
  ["the one named, at the version named", { Source: "openssl (3.5.8-1)" }, "openssl", "3.5.8-1"],
])("the source of a package is %s", (...row) => {
  const [, fields, source, sourceVersion] = row;
  expect(parsePackages(stanza({ ...fields }))).toMatchObject([{ source, sourceVersion, sha256: sha, size: 2_450_000 }]);
});

const security = stanza({ Filename: "pool/updates/main/o/openssl/libssl3t64_3.5.9-1~deb13u1_amd64.deb" });

it.each([
  ["security's, where only it has the version", security, "security"],
  ["main's, where both have it", `${security}\n${stanza({})}`, "main"],
  ["main's, whichever is named first", `${stanza({})}\n\n${security}\n`, "main"],
])("the archive of a package is %s", (_, text, archive) => {
  expect(parsePackages(text)).toMatchObject([{ name: "libssl3t64", archive }]);
});

it("a stanza without a hash is no package", () => {
  expect(() => parsePackages(stanza({ SHA256: "" }))).toThrow(/SHA-256/u);
});

it("a snapshot's moment is that of the newest Release file", () => {
  const dates =
    "Date: Thu, 29 Oct 2026 21:33:11 UTC\nDate: Fri, 30 Oct 2026 08:08:01 UTC\nDate: Fri, 30 Oct 2026 02:00:00 UTC\n";
  expect(newestDate(dates)).toBe("2026-10-30T08:08:01Z");
  expect(newestDate(`${dates}Date: some day\n`)).toBe("2026-10-30T08:08:01Z");
});

it.each(["", "Date: some day\n"])("there is no moment in %j", (dates) => {
  expect(newestDate(dates)).toBeUndefined();
});
