import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { type Mutant, wholeEnvironment } from "./plan-mutants.ts";

const dockerfile = `
ARG BASE
FROM $BASE AS base
FROM $BASE
COPY --from=base ${wholeEnvironment.from} ${wholeEnvironment.to}
COPY rootfs /
`;

/** Lays the mutant's files over the image, lends the result to `use`, and removes it with all containers of it. */
export async function withMutantImage<T>(
  base: string,
  { name, files }: Mutant,
  use: (image: string) => Promise<T>,
): Promise<T> {
  const image = `prosody-foundry-test/mutant:${name.toLowerCase()}`;
  const folder = await mkdtemp(path.join(tmpdir(), "mutant-image-"));
  try {
    await writeFile(path.join(folder, "Dockerfile"), dockerfile);
    for (const [inside, text] of Object.entries(files)) {
      const file = path.join(folder, "rootfs", inside);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    await runCommand("docker", ["build", "--quiet", `--build-arg=BASE=${base}`, `--tag=${image}`, folder]);
    return await use(image);
  } finally {
    await rm(folder, { recursive: true });
    await removeImage(image);
  }
}

// A test that was cut off by its time left its server behind.
async function removeImage(image: string): Promise<void> {
  const { stdout } = await runCommand("docker", ["ps", "--all", "--quiet", `--filter=ancestor=${image}`]);
  const containers = stdout.split("\n").filter((id) => id !== "");
  if (containers.length > 0) await runCommand("docker", ["rm", "--force", "--volumes", ...containers]);
  await runCommand("docker", ["rmi", "--force", image], { accept: "any" });
}
