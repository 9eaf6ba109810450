/** What is asked of a suite. */
export interface AptState {
  /** Binary packages, or sources. */
  kind: "deb" | "deb-src";
  /** Further lines of apt.conf(5). */
  settings: readonly string[];
}

/**
 * Shell that gives /apt an apt state of its own for the suite in `$SUITE`, beside that of the base: from the base's own mirrors,
 * by Debian's own keys, as if nothing were installed.
 */
export function useSuite({ kind, settings }: AptState): string {
  return `base=$(. /etc/os-release; echo "$VERSION_CODENAME")
keyring=$(ls /usr/share/keyrings/debian-archive-keyring.?p? | head -n 1)
mkdir -p /apt/lists/partial /apt/cache/archives/partial
: > /apt/status
${listMirrors} |
  while read -r mirror release; do
    case $release in "$base" | "$base-updates" | "$base-security")
      echo "${kind} [signed-by=$keyring] $mirror $SUITE\${release#"$base"} main" ;;
    esac
  done > /apt/sources.list
cat > /apt/apt.conf <<CONF
${settings.map((line) => `${line}\n`).join("")}APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Dir::Etc::sourcelist "/apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "/apt";
Dir::State::status "/apt/status";
Dir::Cache "/apt/cache";
CONF
export APT_CONFIG=/apt/apt.conf`;
}

/** Shell that prints a line for each of the base's archives: its root's address and what it has there. */
export const listMirrors = `apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' 'Component: main' | sort -u -k 2`;
