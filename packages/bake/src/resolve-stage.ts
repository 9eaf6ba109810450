import type { PackageWish } from "@prosody-foundry/images";
import { useSuite } from "./apt-script.ts";

/**
 * The Dockerfile that asks Debian, inside the base, which packages fulfil these wishes now. apt only reads and reckons:
 * nothing is installed, so an architecture that the machine cannot run does no harm. `/` of its result has for each suite a
 * folder with `dates` (of its Release files) and for each wish, named by its place in the list, what apt-cache shows of each
 * package. A wish for an architecture the suite lacks has no file.
 */
export function resolveStage(wishes: readonly PackageWish[]): string {
  const suites = [...new Set(wishes.map(({ suite }) => suite))].toSorted();
  const stages = suites.map((suite) =>
    suiteStage(
      suite,
      wishes.map((wish, at): Placed => ({ ...wish, at })).filter((wish) => wish.suite === suite),
    ),
  );
  const copies = suites.map((suite) => `COPY --from=${suite} /result/ /${suite}/`);
  return `${stages.join("")}FROM scratch\n${copies.join("\n")}\n`;
}

interface Placed extends PackageWish {
  at: number;
}

function suiteStage(suite: string, wishes: readonly Placed[]): string {
  const architectures = [...new Set(wishes.map(({ architecture }) => architecture))].toSorted();
  const quoted = architectures.map((architecture) => `"${architecture}"; `).join("");
  // Without the second one apt goes on with what it got, and a security archive out of reach would be a silent downgrade.
  const settings = [`APT::Architectures { ${quoted}};`, 'APT::Update::Error-Mode "any";'];
  return `FROM base AS ${suite}
ENV SUITE=${suite}
COPY --chmod=755 <<"END" /usr/local/bin/resolve
${resolveScript}END
RUN <<"END"
set -eu
${useSuite({ kind: "deb", settings })}
# A mirror in the middle of its own update mends itself.
for pause in 5 15 30 0; do
  if apt-get -qq update; then break; fi
  if [ "$pause" = 0 ]; then exit 1; fi
  sleep "$pause"
done
mkdir /result
grep -h '^Date:' /apt/lists/*Release > /result/dates
grep -h '^Architectures:' /apt/lists/*Release > /apt/architectures
xargs -P "$(nproc)" -L 1 resolve <<"WISHES"
${wishes.map(wishLine).join("\n")}
WISHES
END
`;
}

function wishLine({ at, architecture, closure, names }: Placed): string {
  return `${at} ${architecture} ${closure ? "closure" : "exactly"} ${names.join(" ")}`;
}

const resolveScript = `#!/bin/sh -eu
# resolve PLACE ARCHITECTURE closure|exactly PACKAGE...
place=$1 architecture=$2 how=$3
shift 3
if ! grep -q -w "$architecture" /apt/architectures; then exit 0; fi
work=$(mktemp -d)
mkdir -p "$work/archives/partial"
options="-oAPT::Architecture=$architecture -oAPT::Architectures=$architecture -oDir::Cache=$work"
fail() {
  echo "resolve: $SUITE $architecture" >&2
  cat "$work/log" >&2
  # The rest would be for nothing.
  exit 255
}
if [ "$how" = closure ]; then
  apt-get $options --simulate install "$@" > "$work/log" 2>&1 || fail
  set -- $(sed -n 's/^Inst \\([^ ]*\\).* (\\([^ ]*\\) .*/\\1=\\2/p' "$work/log")
fi
apt-cache $options show --no-all-versions "$@" > "$work/shown" 2> "$work/log" || fail
mv "$work/shown" "/result/$place"
`;

/** The newest of some `Date:` lines of Release files, ISO 8601 to the second. */
export function newestDate(lines: string): string {
  const moments = [...lines.matchAll(/^Date: (.+)$/gmu)].map(([, date = ""]) => Date.parse(date));
  return new Date(Math.max(...moments)).toISOString().replace(/\.\d+Z$/u, "Z");
}
