import { findTool, presentTool, type ToolName } from "@prosody-foundry/bake";
import { type Context, openBake } from "./context.ts";

/**
 * Path of a program that publishing needs. An engine, which fetches it, is looked for only where it is nowhere yet.
 * @throws UserError of findTool and openBake
 */
export async function openTool(context: Context, name: ToolName): Promise<string> {
  return (await presentTool(context, name)) ?? findTool(await openBake(context), name);
}
