import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand, silent, writeFileWhole } from "@prosody-foundry/kit";
import { openSource, type Source, type SourceContext, type SourceSpec } from "@prosody-foundry/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HgServer, installMercurial, serveHg } from "../fixtures/upstreams.ts";

const before = "# Compatibility\n\n  ------ ------\n  0.9    Works\n  trunk  Unknown\n  ------ ------\n";
const after = before.replace("Unknown", "Works");
const days = { before: "2015-03-01", after: "2024-05-06" };
const lines = Array.from({ length: 6 }, (_, index) => (index === 4 ? days.after : days.before));

const kinds = ["hg over HTTP", "hg over HTTP without annotations", "hg clone", "git"] as const;
type Kind = (typeof kinds)[number];

interface Revisions {
  before: string;
  after: string;
}

let root: string;
let hg: Revisions;
let git: Revisions;
let server: HgServer;
let bare: HgServer;

beforeAll(async () => {
  await installMercurial();
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-lines-"));
  hg = await commitTwice("hg", commitHg);
  git = await commitTwice("git", commitGit);
  server = await serveHg(path.join(root, "hg"));
  // As a server that is asked for annotations too often by too many.
  bare = await serveHg(path.join(root, "hg"), ["web.deny_read="]);
});

afterAll(async () => {
  await server.stop();
  await bare.stop();
  await rm(root, { recursive: true });
});
