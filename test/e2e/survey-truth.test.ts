import { readFile } from "node:fs/promises";
import path from "node:path";
import { HostKind } from "@prosody-foundry/lockfile";
import { readSurvey } from "@prosody-foundry/registry";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { openReleases } from "../../packages/cli/src/open-releases.ts";
import { hosts, type SeenModule, type SeenServer, seeModule, seeServer } from "../fixtures/plain-server.ts";
import { openScene, type Scene } from "../fixtures/repository.ts";
import { contextOf } from "../fixtures/test-context.ts";

interface Row {
  /** Of its README. */
  stage: string | null;
  /** What is to be set to enable it anywhere. */
  options?: string;
  /** On which it does not load → a word of the reason. */
  fails?: Readonly<Record<string, string>>;
}

/** Modules of all labels and kinds of host; some that do not load. */
const modules: Readonly<Record<string, Row>> = {
  mod_log_auth: { stage: "stable" },
  mod_server_status: { stage: "stable" },
  mod_webpresence: { stage: "stable" },
  mod_register_json: { stage: "stable", fails: { "0.12.3": "global 'http'", "13.0.1": "global 'http'" } },
  mod_sasl2_fast: { stage: "beta" },
  mod_muc_moderation: { stage: "beta" },
  mod_pubsub_mqtt: { stage: "beta" },
  mod_report_forward: { stage: "beta", fails: { "0.12.3": "array.lua" } },
  mod_http_muc_log: { stage: "beta" },
  mod_net_proxy: { stage: "alpha" },
  mod_muc_notifications: { stage: "alpha" },
  mod_adhoc_oauth2_client: { stage: "alpha", options: 'component_secret = "x"', fails: { "0.12.3": "http_oauth2" } },
  mod_privacy_lists: { stage: "deprecated" },
  mod_s2s_smacks_timeout: { stage: "obsolete" },
  mod_flags: { stage: "merged" },
  mod_broadcast: { stage: "broken" },
  mod_pubsub_text_interface: { stage: null },
  mod_proctitle: { stage: null, fails: { "0.12.3": "proctitle", "13.0.1": "proctitle" } },
  mod_net_dovecotauth: { stage: null },
  mod_block_strangers: { stage: null },
  mod_carbons_copies: { stage: null },
};

// One look at each on the newer release, and on the older one at those that are not the same there.
const looks = [
  ...Object.keys(modules).map((name) => ["13.0.1", name] as const),
  ...["mod_report_forward", "mod_adhoc_oauth2_client", "mod_flags", "mod_pubsub_mqtt", "mod_proctitle"].map(
    (name) => ["0.12.3", name] as const,
  ),
];

const Shown = z.looseObject({
  judgements: z.array(
    z.looseObject({
      releases: z.array(z.string()),
      verdict: z.string(),
      evidence: z.array(z.looseObject({ kind: z.string(), says: z.string(), because: z.string() })),
    }),
  ),
  survey: z.looseObject({
    facts: z.looseObject({ stage: z.string().nullable(), depends: z.array(z.string()) }),
    loads: z.array(z.looseObject({ releases: z.array(z.string()), hosts: z.array(HostKind) })),
  }),
});
type Shown = z.infer<typeof Shown>;

const versions = ["0.12.3", "13.0.1"];
let scene: Scene;
const shown = new Map<string, Shown>();
const offers = new Map<string, SeenServer>();
const seen = new Map<string, SeenModule>();

beforeAll(async () => {
  scene = await openScene();
  await scene.foundry.json(["compat", "--all", "--series", "0.12", "13.0"]);
  for (const name of Object.keys(modules)) {
    shown.set(name, Shown.parse(await scene.foundry.json(["module", "show", name])));
  }
  const servers = await openReleases(contextOf(scene), ["0.12", "13.0"]);
  const images = new Map(servers.map(({ version, image }) => [version, image]));
  const plain = (release: string, name: string) => ({
    image: images.get(release) ?? "",
    modules: scene.upstreams.hgDir,
    name: name.replace(/^mod_/u, ""),
    options: modules[name]?.options,
  });
  for (const release of versions) offers.set(release, await seeServer(plain(release, "mod_log_auth")));
  const queue = [...looks];
  const lookOn = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [release, name] = next;
      seen.set(`${release} ${name}`, await seeModule(plain(release, name)));
    }
  };
  await Promise.all([lookOn(), lookOn(), lookOn()]);
});
afterAll(() => scene.close());

it.each(looks)("what show says of %s %s is what a running server says", (release, name) => {
  const said = saidOf(name, release);
  const fails = modules[name]?.fails?.[release];
  const server = seen.get(`${release} ${name}`) ?? { modules: {}, log: "" };
  const short = name.replace(/^mod_/u, "");
  const isCore = offers.get(release)?.core.includes(`${name}.lua`) ?? false;
  expect(said.verdict === "core").toBe(isCore);
  expect([...said.hosts].toSorted()).toEqual(isCore ? [] : hostsWith(server, short));
  expect(said.verdict === "broken").toBe(fails !== undefined);
  expect(said.because).toContain(fails ?? "");
  for (const proof of proofsOf(said, fails)) expect(server.log).toMatch(proof);
  for (const host of said.hosts) expect(listedOn(server, host)).toEqual(expect.arrayContaining(said.depends));
});

it.each(Object.entries(modules))("%s has the stage that its README has", async (name, { stage }) => {
  const readme = await readFile(path.join(scene.upstreams.hgDir, name, "README.md"), "utf8").catch(() => "");
  const labels = [...readme.matchAll(/Stage-(\w+)/giu)].map(([, label = ""]) => label.toLowerCase());
  expect(labels).toEqual(stage === null ? [] : [stage]);
  expect(shown.get(name)?.survey.facts.stage).toBe(stage);
});

it.each(versions)("the features and own modules of %s are those that it has", async (release) => {
  const survey = await readSurvey(scene.foundry.root, "prosody-modules");
  const offer = offers.get(release) ?? { core: [], features: [] };
  const { core = [], features = [] } = survey?.releases[release] ?? {};
  expect(offer.features.toSorted()).toEqual(features);
  const files = offer.core.filter((file) => file.endsWith(".lua")).map((file) => file.replace(".lua", ""));
  expect(core).toEqual(expect.arrayContaining(files));
  // The others are in folders: `adhoc/mod_adhoc.lua`.
  const folders = offer.core.map((file) => (file.startsWith("mod_") ? file : `mod_${file}`));
  expect(core.filter((name) => !files.includes(name) && !folders.includes(name))).toEqual([]);
});

interface Said {
  verdict: string;
  hosts: HostKind[];
  /** Without `mod_`. */
  depends: string[];
  /** Why it loads or does not; empty when nobody tried. */
  because: string;
}

function saidOf(name: string, release: string): Said {
  const { judgements, survey } = Shown.parse(shown.get(name));
  const judgement = judgements.find(({ releases }) => releases.includes(release));
  const loaded = judgement?.evidence.find(({ kind }) => kind === "loaded");
  return {
    verdict: judgement?.verdict ?? "",
    hosts: survey.loads.flatMap((load) => (load.releases.includes(release) ? load.hosts : [])),
    depends: survey.facts.depends.map((other) => other.replace(/^mod_/u, "")),
    because: loaded?.because ?? "",
  };
}

/** Where the server has it, in the order of the alphabet; the log is believed before the list, which keeps what failed late. */
function hostsWith({ modules: lists, log }: SeenModule, short: string): string[] {
  const kinds = HostKind.options.filter((kind) => {
    const isListed = lists[hosts[kind]]?.includes(short) ?? false;
    return isListed && !log.includes(`Error initializing module '${short}' on '${hosts[kind]}'`);
  });
  return kinds.toSorted();
}

/** What the log has to say for the reason to be true: the complaint, and what a module that fails lacks. */
function proofsOf({ because }: Said, fails: string | undefined): RegExp[] {
  const parts = because.split(/(?:^|; )on [a-z, -]+: /u);
  const complaints = parts.flatMap((part) => /^it complains: (.*)/u.exec(part)?.[1] ?? []);
  return [
    ...complaints.map((complaint) => new RegExp(RegExp.escape(firstWords(complaint)), "u")),
    ...(fails === undefined ? [] : [new RegExp(`error\\s.*${fails}`, "u")]),
  ];
}

// What is said in several lines of the log is one sentence in the evidence.
function firstWords(sentence: string): string {
  return sentence.split(" ").slice(0, 6).join(" ");
}

function listedOn({ modules: lists }: SeenModule, kind: HostKind): string[] {
  return [...(lists[hosts[kind]] ?? []), ...(lists[hosts.global] ?? [])];
}
