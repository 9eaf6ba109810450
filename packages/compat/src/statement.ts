import type { Status } from "./status.ts";
import type { VersionRange } from "./version-cell.ts";

/** One thing a README says about some versions. */
export interface Statement {
  range: VersionRange;
  status: Status;
  /** The words it was read from. */
  text: string;
  /** Line of the README, from 1: the row, the line that speaks of trunk, or the first of a paragraph. */
  line: number;
  /** Rows of a table are surer than prose. An aside is a box or a sentence outside the Compatibility section. */
  form: "row" | "prose" | "aside";
}
