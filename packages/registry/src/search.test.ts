import { describe, expect, it } from "vitest";
import { knownModules, knownReleases } from "./known.ts";
import { judgementOf, lockOf, moduleOf, surveyOf } from "./sample-survey.ts";
import { searchModules } from "./search.ts";
import { distinctWords } from "./words.ts";

const survey = surveyOf({
  mod_http_upload: moduleOf({
    description: { summary: "Share files", labels: ["Stage-Deprecated"], xeps: ["0363"], words: "attachments image" },
    facts: { stage: "deprecated" },
    judgements: [judgementOf("doubtful", ["0.12.3"]), judgementOf("core", ["13.0.1"])],
  }),
  mod_http_upload_external: moduleOf({
    description: { summary: "Share files elsewhere", labels: ["Stage-Alpha", "Type-Web"], xeps: ["0363"] },
    facts: { stage: "alpha" },
    options: ["http_upload_external_base_url"],
  }),
  mod_firewall: moduleOf({
    description: { summary: "Rules for stanzas", labels: ["Stage-Stable"], words: "spam filter blocking" },
    facts: { stage: "stable" },
  }),
  mod_vcard_muc: moduleOf({
    description: { summary: "Pictures of rooms", labels: ["Stage-Stable", "Stage-Deprecated"] },
  }),
});
const lock = lockOf(["mod_firewall", "mod_local"]);
const known = knownModules(lock, [survey]);
const releases = knownReleases(lock, [survey]);
const search = (...words: string[]) => searchModules(known, words, releases).map(({ key }) => key);

describe("search", () => {
  it.each([
    ["a name", ["mod_firewall"], ["mod_firewall"]],
    [
      "a name without its beginning, the whole before the longer",
      ["http_upload"],
      ["mod_http_upload", "mod_http_upload_external"],
    ],
    ["a name run together", ["httpupload"], ["mod_http_upload", "mod_http_upload_external"]],
    ["a slightly misspelt name", ["firewal"], ["mod_firewall"]],
    ["a misspelt part of a name", ["http_uplaod"], ["mod_http_upload", "mod_http_upload_external"]],
    ["the beginning of a word", ["attach"], ["mod_http_upload"]],
    ["words of the README", ["spam filter"], ["mod_firewall"]],
    ["an option", ["http_upload_external_base_url"], ["mod_http_upload_external"]],
    ["a stage", ["label:stable"], ["mod_firewall", "mod_vcard_muc"]],
    ["a stage written out", ["label:Stage-Stable"], ["mod_firewall", "mod_vcard_muc"]],
    ["a type", ["label:web"], ["mod_http_upload_external"]],
    ["a XEP", ["xep:0363"], ["mod_http_upload", "mod_http_upload_external"]],
    ["a XEP as people write it", ["XEP-0363", "deprecated"], ["mod_http_upload"]],
    ["the number of a XEP", ["363"], ["mod_http_upload", "mod_http_upload_external"]],
    ["a module that only the lock has", ["local"], ["mod_local"]],
    ["words that no module has together", ["spam", "upload"], []],
    ["a XEP that nobody mentions", ["xep:0001"], []],
  ])("finds by %s", (_what, words, expected) => {
    expect(search(...words)).toEqual(expected);
  });

  it("tells verdict, stage, and whether it is pinned", () => {
    const [upload] = searchModules(known, ["http_upload"], releases);
    expect(upload).toEqual({
      key: "mod_http_upload",
      source: "prosody-modules",
      summary: "Share files",
      stage: "deprecated",
      pinned: false,
      verdicts: { "0.12": "doubtful", "13.0": "core" },
    });
    expect(searchModules(known, ["firewall"], releases)).toMatchObject([
      { pinned: true, verdicts: { "13.0": "works" } },
    ]);
  });
});

it.each([
  ["The Firewall blocks spam. It blocks, and blocks!", "mod firewall", "blocks spam"],
  ["Set muc_rtbl_jid in your config; see XEP-0363 at https://x", "", "muc_rtbl_jid"],
  ["", "", ""],
])("keeps the telling words of %j", (text, name, words) => {
  expect(distinctWords(text, name)).toBe(words);
});

it("keeps 400 letters of words at most, and whole words", () => {
  const words = distinctWords(Array.from({ length: 200 }, (_, index) => `word${index}`).join(" "), "");
  expect(words.length).toBeLessThanOrEqual(400);
  expect(words).toMatch(/ word\d+$/u);
  expect(words.startsWith("word0 word1 ")).toBe(true);
});
