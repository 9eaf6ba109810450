import { all, cacheWithout, oldEngine, readOnly, tinyDisk } from "../../fixtures/repository-faults.ts";
import { build, requires, type Row } from "./row.ts";

/** Machines that lack something. */
export const machineRows: Row[] = [
  {
    title: "offline, with nothing in the cache",
    args: ["--offline", ...build],
    arrange: async (place) => ({ FOUNDRY_CACHE: `${place.root}/empty` }),
    code: "INPUT_UNREACHABLE",
    says: /works offline, and the cache does not have it/u,
    hint: /network/u,
  },
  {
    title: "no engine",
    args: build,
    arrange: async () => ({ DOCKER_HOST: "unix:///nonexistent/docker.sock" }),
    code: "ENGINE_MISSING",
    says: /unix:\/\/\/nonexistent/u,
    hint: /DOCKER_HOST/u,
  },
  {
    title: "no engine at the start",
    args: ["start"],
    arrange: async () => ({ DOCKER_HOST: "unix:///nonexistent/docker.sock" }),
    code: "ENGINE_MISSING",
    says: /unix:\/\/\/nonexistent/u,
    hint: /Start the engine at unix/u,
  },
  {
    title: "no docker",
    args: build,
    arrange: async () => ({ PATH: "/nonexistent" }),
    code: "ENGINE_MISSING",
    says: /docker is not installed/u,
    hint: /Install Docker/u,
  },
];

/** What only root can arrange. */
export const machineRowsOfRoot: Row[] = [
  {
    title: "an engine without containerd's image store",
    args: build,
    arrange: oldEngine,
    code: "ENGINE_NO_CONTAINERD_STORE",
    says: /containerd's store/u,
    hint: /containerd-snapshotter/u,
  },
  {
    title: "a disk that is full when inputs are fetched",
    args: build,
    arrange: tinyDisk("300k"),
    code: "DISK_FULL",
    says: /space/u,
    hint: /FOUNDRY_CACHE/u,
  },
  {
    title: "a disk that is full when the image is written",
    args: build,
    arrange: tinyDisk("8m"),
    code: "DISK_FULL",
    says: /space/u,
    hint: /FOUNDRY_CACHE/u,
  },
  {
    title: "a disk that is full when modules are pinned",
    args: ["module", "add", "rest"],
    arrange: tinyDisk("4k"),
    code: "DISK_FULL|CACHE_UNWRITABLE",
    says: /space/u,
    hint: /room/u,
  },
  {
    title: "a cache that is read-only",
    args: build,
    arrange: all(cacheWithout("inputs"), readOnly("cacheDir")),
    code: "DISK_READ_ONLY",
    says: /read-only/u,
    hint: /FOUNDRY_CACHE/u,
  },
  {
    title: "a repository that is read-only",
    args: ["module", "remove", "lastlog2"],
    arrange: all(requires("mod_sasl2_bind2"), readOnly("root")),
    code: "DISK_READ_ONLY",
    says: /modules\.lock\.json/u,
    hint: /rights/u,
  },
];
