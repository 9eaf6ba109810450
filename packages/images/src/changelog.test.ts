import { expect, it } from "vitest";
import { cvesBetween } from "./changelog.ts";

const openssl = `openssl (3.0.18-1~deb12u2) bookworm-security; urgency=medium

  * CVE-2025-15467 (Stack buffer overflow). cve-2025-11187
  * CVE-2025-9230 again

 -- Somebody <somebody@example.org>  Tue, 27 Jan 2026 10:00:00 +0100

openssl (3.0.18-1~deb12u1) bookworm; urgency=medium

  * Import 3.0.18
   - CVE-2025-9230 (Out-of-bounds read)
   - not a CVE-20-1 nor (XCVE-2025-1111)

 -- Somebody <somebody@example.org>  Mon, 06 Oct 2025 10:00:00 +0100

openssl (3.0.17-1~deb12u2) bookworm; urgency=medium

  * CVE-2024-13176

 -- Somebody <somebody@example.org>  Sun, 24 Aug 2025 10:00:00 +0100
`;

const rebuilt = `lua5.4 (1:5.4.7-1+b2) sid; urgency=low, binary-only=yes

  * Binary-only non-maintainer upload for arm64; no source changes. CVE-2024-0000

 -- Builder <builder@example.org>  Mon, 06 Oct 2025 10:00:00 +0100

lua5.4 (1:5.4.7-1) unstable; urgency=medium

  * CVE-2024-0001

 -- Somebody <somebody@example.org>  Mon, 06 Oct 2025 10:00:00 +0100

lua5.4 (5.4.8-1) unstable; urgency=medium

  * CVE-2024-0002

 -- Somebody <somebody@example.org>  Sun, 05 Oct 2025 10:00:00 +0100
`;

it.each([
  ["entries after the old version, the new one's too", openssl, "3.0.17-1~deb12u2", "3.0.18-1~deb12u2"],
  ["an old version that has no entry", openssl, "3.0.17-1~deb12u99", "3.0.18-1~deb12u2"],
])("CVEs are those of %s, sorted and each once", (...row) => {
  const [, changelog, from, to] = row;
  expect(cvesBetween(changelog, from, to)).toEqual(["CVE-2025-9230", "CVE-2025-11187", "CVE-2025-15467"]);
});

it.each([
  ["nothing newer", openssl, "3.0.18-1~deb12u2", "3.0.18-1~deb12u2", []],
  ["entries newer than the new version", openssl, "3.0.17-1~deb12u2", "3.0.17-1~deb12u3", []],
  ["a step back", openssl, "3.0.18-1~deb12u2", "3.0.17-1~deb12u2", []],
  ["one entry of several", openssl, "3.0.17-1~deb12u2", "3.0.18-1~deb12u1", ["CVE-2025-9230"]],
  ["a rebuild's entry before the rest", rebuilt, "1:5.4.6-1", "1:5.4.7-1", ["CVE-2024-0001"]],
  ["another epoch", rebuilt, "5.4.7-1", "1:5.4.7-1", ["CVE-2024-0001", "CVE-2024-0002"]],
  ["what is no changelog", "See README", "1", "2", []],
])("of %s the CVEs are found", (...row) => {
  const [, changelog, from, to, cves] = row;
  expect(cvesBetween(changelog, from, to)).toEqual(cves);
});
