import { z } from "zod";

/** A Prosody release series, oldest first. */
export const Series = z.enum(["0.12", "13.0", "trunk"]);
export type Series = z.infer<typeof Series>;

/** All series, oldest first. */
export const allSeries: readonly Series[] = Series.options;
