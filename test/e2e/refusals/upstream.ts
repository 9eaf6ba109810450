import { all, cached, cacheWithout, mirror } from "../../fixtures/repository-faults.ts";
import { nowhere } from "../../fixtures/repository.ts";
import { forge } from "./forge.ts";
import { build, type Row, tarball, upstream } from "./row.ts";

/** Sources and mirrors that are away or not to be trusted, and a cache that changed. */
export const upstreamRows: Row[] = [
  {
    title: "an upstream where nobody listens",
    args: ["module", "add", "rest"],
    arrange: async () => ({ FOUNDRY_MIRRORS: `${upstream}=${nowhere}` }),
    code: "SOURCE_UNREACHABLE",
    says: /127\.0\.0\.1:64999.*ECONNREFUSED/u,
    hint: /network/u,
  },
  {
    title: "an upstream that answers rubbish",
    args: ["module", "add", "rest"],
    arrange: mirror(upstream, (_, answer) => answer.end("<html>Please log in</html>")),
    code: "SOURCE_UNREACHABLE|HGWEB_LACKING",
    says: /127\.0\.0\.1/u,
    hint: /\S/u,
  },
  {
    title: "an upstream that is broken",
    args: ["module", "outdated"],
    arrange: mirror(upstream, (_, answer) => answer.writeHead(500).end()),
    code: "SOURCE_UNREACHABLE",
    says: /answers 500/u,
    hint: /network/u,
  },
  {
    title: "no network when told so",
    args: ["module", "add", "rest", "--offline"],
    code: "SOURCE_UNREACHABLE",
    says: /offline/u,
    hint: /\S/u,
  },
  {
    title: "an upstream with other bytes under a pinned revision",
    args: build,
    arrange: forge,
    code: "CONTENT_REFUSED",
    says: /gave other content for mod_lastlog2/u,
    hint: /Do not trust that mirror/u,
  },
  {
    title: "a mirror with another tarball",
    args: build,
    arrange: all(
      cacheWithout("inputs"),
      mirror(tarball, (_, answer) => answer.end("other bytes")),
    ),
    code: "INPUT_REFUSED",
    says: /is not what was declared: expected SHA-256 7bde8a5b/u,
    hint: /Check with upstream/u,
  },
  {
    title: "a changed byte in a cached tarball",
    args: build,
    arrange: cached(/^inputs\/7bde8a5b.*\.tar\.gz$/u),
    code: "CACHE_CORRUPT",
    says: /7bde8a5b\w*\.tar\.gz has SHA-256/u,
    hint: /Remove .*fetched again/u,
  },
  {
    title: "a changed byte in a cached Debian package",
    args: ["plan", "--available", "--series", "0.12"],
    arrange: cached(/^inputs\/ee51edd4.*\.deb$/u),
    code: "CACHE_CORRUPT",
    says: /ee51edd4\w*\.deb has SHA-256/u,
    hint: /fetched again/u,
  },
  {
    title: "a changed byte in a cached module",
    args: build,
    arrange: cached(/^modules\/.*\.tar$/u, 0.3),
    code: "CACHE_CORRUPT",
    says: /in the cache is not what was put there/u,
    hint: /rm /u,
  },
  {
    title: "a changed byte in a cached answer of upstream",
    args: ["module", "update", "--series", "13.0"],
    arrange: cached(/^answers\/.*\.json$/u, 0.9),
    code: "CACHE_CORRUPT",
    says: /in the cache is not what was put there/u,
    hint: /rm /u,
  },
];
