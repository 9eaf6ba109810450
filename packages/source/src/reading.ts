import { isUserError, type Progress } from "@prosody-foundry/kit";
import type { Source } from "./source.ts";

/** What one way of reading a tree has to bring; names and revisions were checked before. */
export type Reading = Pick<
  Source,
  "readNewest" | "listModules" | "readModule" | "readHistory" | "readLineDates" | "resolveRevision"
>;

/** The same, able to look for a pin and to read the whole history at once. */
export type PinReading = Reading & Pick<Source, "readPinned" | "readLog">;

/** Does by the second way what the first says it cannot do (HGWEB_LACKING). */
export function fallBack(first: Reading, second: Reading, progress: Progress): Reading {
  const either = async <T>(read: (reading: Reading) => Promise<T>): Promise<T> => {
    try {
      return await read(first);
    } catch (error) {
      if (!isUserError(error, "HGWEB_LACKING")) throw error;
      progress(`${error.message}; using Mercurial`);
      return await read(second).catch((failure: unknown) => {
        // Then the first error tells more: Mercurial is needed only because of it.
        throw isUserError(failure, "HG_MISSING") ? error : failure;
      });
    }
  };
  return {
    readNewest: () => either((reading) => reading.readNewest()),
    listModules: (node) => either((reading) => reading.listModules(node)),
    readModule: (node, name) => either((reading) => reading.readModule(node, name)),
    readHistory: (name, node) => either((reading) => reading.readHistory(name, node)),
    readLineDates: (node, name, path) => either((reading) => reading.readLineDates(node, name, path)),
    resolveRevision: (prefix) => either((reading) => reading.resolveRevision(prefix)),
  };
}
