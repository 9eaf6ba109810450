import { expect, it } from "vitest";
import type { ComparedPackage } from "./compare-packages.ts";
import { renderPackages } from "./render-packages.ts";

const change: ComparedPackage = {
  file: "images/prosody/packages.lock.json",
  suite: "bookworm",
  list: "root",
  name: "libssl3",
  from: "3.0.20-1~deb12u2",
  to: "3.0.22-1~deb12u2",
  architectures: ["amd64", "arm64"],
  security: true,
  downgrade: false,
  bytes: 12_400,
  cves: ["CVE-2026-1234", "CVE-2026-12345"],
};

it("packages that move are a table, with what they fix and cost", () => {
  const rows: ComparedPackage[] = [
    change,
    { ...change, name: "openssl", bytes: -400, cves: ["CVE-2026-1234"] },
    { ...change, suite: "trixie", list: "dev", name: "fresh", from: null, security: false, bytes: 0, cves: [] },
    { ...change, suite: "trixie", list: "build", name: "old", to: null, security: false, bytes: 0, cves: null },
    { ...change, suite: "trixie", list: "build", name: "back", security: false, downgrade: true, bytes: 0, cves: [] },
  ];
  expect(renderPackages(rows)).toBe(
    `suite                   package  locked            newest            architectures  download  fixes
bookworm  in the image  libssl3  3.0.20-1~deb12u2  3.0.22-1~deb12u2  amd64 arm64    +12.4 kB  security CVE-2026-1234 CVE-2026-12345
bookworm  in the image  openssl  3.0.20-1~deb12u2  3.0.22-1~deb12u2  amd64 arm64    -400 B    security CVE-2026-1234
trixie    headers       fresh    (new)             3.0.22-1~deb12u2  amd64 arm64    +0 B
trixie    build tools   old      3.0.20-1~deb12u2  (gone)            amd64 arm64    +0 B      (changelog unreadable)
trixie    build tools   back     3.0.20-1~deb12u2  3.0.22-1~deb12u2  amd64 arm64    +0 B      (older)
5 changes, 2 CVEs, +12.0 kB to download
`,
  );
});

it("without changelogs nothing is said about them", () => {
  const { cves: _, ...moved } = change;
  expect(renderPackages([moved])).not.toMatch(/CVE|changelog/u);
});
