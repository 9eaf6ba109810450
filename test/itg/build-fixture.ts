import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type BakeContext,
  engineEnv,
  fetchRelease,
  findEngine,
  loadTarget,
  type Materials,
  type Report,
} from "@prosody-foundry/bake";
import {
  choosePackages,
  type DebianRelease,
  idOf,
  type Platform,
  readImages,
  readPackageLocks,
  readSeries,
  selectImages,
  seriesOfVersion,
  type Release,
  type TarballRelease,
  type Target,
  upstreamVersion,
} from "@prosody-foundry/images";
import { runCommand, Series, silent } from "@prosody-foundry/kit";

const root = path.resolve(import.meta.dirname, "../..");

/** The releases whose input Debian's mirrors have. */
interface Releases {
  /** 13.0.1, whose tarball is in Debian's source package. */
  tarball: TarballRelease;
  /** 0.12.3 of bookworm. */
  debian: DebianRelease;
  /** 13.0.7 of forky: the one whose packages Debian has for every platform. */
  everywhere: DebianRelease;
}

export interface Bench extends Releases {
  context: BakeContext;
  /** Folder for files of the test. */
  scratch: string;
  clear: () => Promise<void>;
}

/** An empty cache, the machine's engine and the real releases. */
export async function openBench(): Promise<Bench> {
  const scratch = await mkdtemp(path.join(tmpdir(), "foundry-build-"));
  const engine = await findEngine({ exec: runCommand, env: process.env });
  const basesDir = process.env["FOUNDRY_BASES"];
  const context = { engine, exec: runCommand, cacheDir: path.join(scratch, "cache"), basesDir, progress: silent };
  const clear = (): Promise<void> => rm(scratch, { recursive: true, force: true });
  return { context, scratch, clear, ...(await readReleases()) };
}

async function readReleases(): Promise<Releases> {
  const { series } = await readSeries(root);
  const tarball = series["13.0"].releases.find(({ version }) => version === "13.0.1");
  const debian = series["0.12"].releases.find(({ version }) => version === "0.12.3-1+deb12u1");
  const everywhere = series["13.0"].releases.find(({ kind, suite }) => kind === "debian" && suite === "forky");
  if (tarball?.kind !== "tarball" || debian?.kind !== "debian" || everywhere?.kind !== "debian") {
    throw new Error("images/series.json lacks a release");
  }
  return { tarball, debian, everywhere };
}

// The packages of our own image, as they are locked.
const ours = await readOurs();
async function readOurs() {
  const [image] = selectImages(await readImages(root), ["prosody"]);
  const { builder, images } = await readPackageLocks(root, ["prosody"]);
  const own = images["prosody"];
  if (image === undefined || own === undefined) throw new Error("images/prosody is gone");
  return { names: image.packages, locks: { own, builder } };
}
const usual: readonly Platform[] = ["linux/amd64", "linux/arm64"];
const nothing = "0".repeat(40);

/** A target with one module of our own, so that no lock is needed. */
export function targetOf(name: string, release: Release, platforms: readonly Platform[] = usual): Target {
  const version = upstreamVersion(release);
  const series = version.startsWith("trunk") ? "13.0" : Series.parse(seriesOfVersion(version));
  const packages = [...(ours.names["all"] ?? []), ...(ours.names[release.suite] ?? [])];
  const debs = choosePackages({ image: name, series, release, platforms, names: packages, ...ours.locks });
  const rows = platforms.flatMap((platform) =>
    (debs.root[platform] ?? []).map((deb) => [`package ${deb.name} ${platform}`, `${deb.version} ${deb.sha256}`]),
  );
  const named = { name, release: release.version, platforms: platforms.join(" ") };
  const inputs: Record<string, string> = { ...named, ...Object.fromEntries(rows) };
  const module = { name: "mod_itg", source: "itg", node: nothing, tree: nothing, integrity: "0".repeat(64) };
  return {
    name,
    image: `itg-${name}`,
    variant: "",
    title: "Integration test",
    description: "An image that a test makes",
    series,
    release,
    platforms: [...platforms],
    epoch: Date.parse(debs.snapshots.root) / 1000,
    packages,
    debs,
    modules: [{ ...module, verdict: "works", judgedOn: release.version, reason: "required", bucket: 3 }],
    unshipped: [],
    inputs,
    id: idOf(inputs),
  };
}

/** What goes into such a target; the server's input is fetched. */
export async function materialsOf(context: BakeContext, target: Target): Promise<Materials> {
  const { files } = await fetchRelease(context, target.release);
  const bytes = Buffer.from("module:log('info', 'here')\n");
  return {
    dockerfile: path.join(root, "images/Dockerfile"),
    server: files,
    native: path.join(root, "images/native"),
    rootfs: path.join(root, "images/prosody/rootfs"),
    generated: { "usr/lib/prosody-foundry/modules.lua": "return {}\n" },
    modules: [
      { name: "mod_itg", licence: "MIT", download: "NONE", files: [{ path: "mod_itg.lua", executable: false, bytes }] },
    ],
  };
}

/** What some Lua prints, each in a container of the built image for this machine, which is removed afterwards. */
export async function runLua(context: BakeContext, report: Report, scripts: readonly string[]): Promise<string[]> {
  const platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
  const reference = await loadTarget(context, report, platform);
  const env = engineEnv(context.engine);
  const outputs: string[] = [];
  for (const script of scripts) {
    const args = ["run", "--rm", "--network=none", "--entrypoint=/usr/bin/lua5.4", reference, "-e", script];
    outputs.push((await runCommand("docker", args, { env })).stdout.trim());
  }
  await runCommand("docker", ["rmi", reference], { env });
  return outputs;
}

/** Lua that prints the first line of a file. */
export function firstLine(file: string): string {
  return `print(io.open("${file}"):read("l"))`;
}

/** The unpacked tarball in a folder of its own. */
export async function unpackTarball({ context, scratch, tarball }: Bench, into: string): Promise<string> {
  const folder = path.join(scratch, into);
  const { files } = await fetchRelease(context, tarball);
  await mkdir(folder);
  await runCommand("tar", ["-xzf", files["source.tar.gz"] ?? "", "-C", folder, "--strip-components=1"]);
  // Mercurial's own files: a repository made of them would ignore some of the rest, and hg writes one of them itself.
  for (const name of [".hgignore", ".hgtags", ".hg_archival.txt"]) await rm(path.join(folder, name), { force: true });
  return folder;
}

/** A git repository of the tarball's content. */
export async function makeGit(bench: Bench): Promise<{ repository: string; node: string; tree: string }> {
  const repository = await unpackTarball(bench, "git");
  const git = async (...args: string[]): Promise<string> => {
    const identity = ["-c", "user.name=itg", "-c", "user.email=itg@example.org"];
    const result = await runCommand("git", ["-C", repository, ...identity, ...args]);
    return result.stdout.trim();
  };
  await git("init", "--quiet");
  await git("add", "--all", "--force");
  await git("commit", "--quiet", "--message=13.0.1");
  return { repository, node: await git("rev-parse", "HEAD"), tree: await git("rev-parse", "HEAD^{tree}") };
}
