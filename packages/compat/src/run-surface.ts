import { type Exec, UserError, runCommand } from "@prosody-foundry/kit";
import { z } from "zod";
import { type ServerSettings, renderServerConfig } from "./load-config.ts";
import { type ServerRun, runServer } from "./run-server.ts";
import { Surface, uniteSurfaces } from "./surface.ts";

export interface SurfaceOptions {
  exec?: Exec;
  /** Engine reference of an image with a server in the layout of Debian's package. */
  image: string;
  /** Milliseconds; a minute unless given. */
  timeout?: number;
}

/**
 * What a release offers to modules, told by its own running server: nothing is assumed about paths or versions. It is
 * asked twice, since parts of it exist only where statistics are on.
 * @throws UserError SERVER_NOT_STARTED when the engine cannot run the image, SURFACE_UNREADABLE when its server does
 * not come up.
 */
export async function runSurface(options: SurfaceOptions): Promise<Surface> {
  const plain = readSurface(options, {});
  const measured = readSurface(options, { statistics: "internal", statistics_interval: "manual" });
  return uniteSurfaces(...(await Promise.all([plain, measured])));
}

async function readSurface(options: SurfaceOptions, settings: ServerSettings["options"]): Promise<Surface> {
  const run = await runServer({
    exec: options.exec ?? runCommand,
    image: options.image,
    probe: "foundry_surface",
    config: (mark) => renderServerConfig({ mark, probe: "foundry_surface", options: settings }),
    files: [],
    timeout: options.timeout ?? 60_000,
  });
  if (run.answer === undefined) throw unreadable(options.image, run);
  return Answer.parse(JSON.parse(run.answer));
}

// An empty Lua table is written as an object.
const Names = z.union([z.array(z.string()), z.strictObject({}).transform((): string[] => [])]);

const Answer = z
  .strictObject({
    ...Surface.shape,
    core: Names,
    features: Names,
    libraries: z.record(z.string(), Names),
    moduleApi: Names,
    globals: Names,
    lua: Names,
  })
  .pipe(Surface);

function unreadable(image: string, run: ServerRun): UserError {
  const errors = run.log.filter((line) => line.level === "error").map((line) => `${line.from}: ${line.message}`);
  const reason = run.cut !== undefined ? `it ${run.cut}` : `it ended with exit code ${run.exitCode}`;
  const said = [...errors, run.stderr.trim()].filter((text) => text !== "").slice(0, 5);
  return new UserError("SURFACE_UNREADABLE", [`The server of ${image} cannot be read: ${reason}`, ...said].join("\n"), {
    hint: "Start the image by hand and look at its log.",
  });
}
