-- Prosody's own libraries and configuration, in a process that is no server.

-- Where the image has them. Prosody reads these names.
CFG_SOURCEDIR = "/usr/lib/prosody"
CFG_CONFIGDIR = "/etc/prosody"
CFG_PLUGINDIR = "/usr/lib/prosody/modules/"
CFG_DATADIR = "/var/lib/prosody"

package.path = CFG_SOURCEDIR .. "/?.lua;" .. package.path
package.cpath = CFG_SOURCEDIR .. "/?.so;" .. package.cpath
if not pcall(require, "prosody.loader") then pcall(require, "loader") end

-- Since 13.0 they are called prosody.…
local function load(name)
  local found, library = pcall(require, "prosody." .. name)
  return found and library or require(name)
end

-- Standard output is for data alone.
local function log_to_stderr()
  load("core.configmanager").set("*", "log", {})
  load("core.loggingmanager")
  load("util.logger").add_simple_sink(function(source, level, message)
    io.stderr:write(("%s\t%s\t%s\n"):format(source, level, message))
  end, { "error" })
end

local function end_on_signals()
  local loaded, signal = pcall(load, "util.signal")
  if not loaded then return end
  for name, number in pairs({ SIGTERM = 15, SIGINT = 2, SIGHUP = 1 }) do
    signal.signal(name, function() os.exit(128 + number) end)
  end
end

local started = false

-- Reads the configuration and makes the hosts known, without starting any.
local function start()
  if started then return end
  started = true
  local startup = load("util.startup")
  local own = arg
  arg = { [0] = "foundry" }
  startup.parse_args({ value_params = { config = true } })
  arg = own
  startup.init_global_state()
  prosody.process_type = "prosodyctl"
  prosody.opts.config = require("foundry.folders").configuration
  local own_print = print
  print = function(...) io.stderr:write(table.concat({ ... }, "\t"), "\n") end
  startup.read_config()
  log_to_stderr()
  startup.init_errors()
  startup.setup_plugindir()
  startup.setup_datadir()
  startup.read_version()
  startup.load_libraries()
  startup.make_dummy_hosts()
  load("core.modulemanager")
  load("core.usermanager")
  load("util.pposix").umask(load("core.configmanager").get("*", "umask") or "027")
  print = own_print
  end_on_signals()
end

return { load = load, start = start }
