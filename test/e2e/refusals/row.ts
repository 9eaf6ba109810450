import { type Fault, json } from "../../fixtures/repository-faults.ts";

/** One thing that is wrong, and what foundry has to say to it. */
export interface Row {
  title: string;
  args: readonly string[];
  /** What is wrong beside the arguments. */
  arrange?: Fault;
  /** 1 unless given. */
  exitCode?: number;
  /** Of the error; alternatives with `|`. */
  code: string;
  says: RegExp;
  hint: RegExp;
}

export const upstream = "https://hg.prosody.im/prosody-modules/";
export const tarball = "https://prosody.im/downloads/source/prosody-13.0.1.tar.gz";
export const image = "images/prosody/image.json";
export const series = "images/series.json";
export const packages = "images/prosody/packages.lock.json";
export const lock = "modules.lock.json";
export const plan = ["plan", "--series", "13.0"];
export const build = ["build", "--available", "--platform", "linux/amd64", "--series", "13.0"];

/** An image that requires this module and nothing else. */
export const requires = (name: string): Fault => json(image, { required: [name] }, ["modules"]);
