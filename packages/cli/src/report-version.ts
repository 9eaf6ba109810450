import type { VersionedImage, VersionPlan } from "@prosody-foundry/release";

/** What the next publication of each image will be, for those who read it on GitHub, as Markdown. */
export function versionReport({ images }: Pick<VersionPlan, "images">): string {
  return images.map(imageSection).join("\n");
}

function imageSection({ image, bump, from, to, changes, targets }: VersionedImage): string {
  const rows = targets.map(({ series, version, from: old, tag, tags, published }) => {
    const prosody = old === null || old === version ? version : `${old} → ${version}`;
    const others = tags.filter((one) => one !== tag).map((one) => `\`${one}\``);
    return `| ${series} | ${prosody} | \`${tag}\`${published === null ? "" : " (published)"} | ${others.join(" ")} |\n`;
  });
  const head = "| series | Prosody | next | and |\n| --- | --- | --- | --- |\n";
  return `## ${image} ${from} → ${to} (${bump})\n\n${head}${rows.join("")}\n${changes}`;
}
