#!/usr/bin/lua5.4
-- PID 1. Checks the environment, then becomes Prosody or prosodyctl in this same process: signals reach it, nothing
-- forks, and no shell is needed. Commands of the image's own are the files of foundry/commands.

local folder = "/usr/lib/prosody-foundry/"
local bad_configuration = 78 -- EX_CONFIG of sysexits.h

package.path = folder .. "?.lua;" .. package.path
package.cpath = folder .. "?.so;" .. package.cpath

local say = require("foundry.say")
local process = require("foundry.process")
local folders = require("foundry.folders")

local function stop_on(problems)
  if #problems == 0 then return end
  for _, problem in ipairs(problems) do say("error", problem) end
  os.exit(bad_configuration)
end

local function append(list, more) return table.move(more, 1, #more, #list + 1, list) end

-- What is wrong with the environment, and with raw files as far as it can be told by looking at them: all of it at once.
local function check_environment()
  local environment = require("foundry.environment")
  local values, problems, set_by = environment.read(os.getenv)
  append(problems, environment.find_unknown(environment.read_all()))
  stop_on(append(problems, require("foundry.raw").find_faults(values)))
  return values, set_by
end

-- What only the whole configuration tells. It is read as the user who will use it.
local function check_files(values, set_by)
  local problems, warnings = require("foundry.raw").judge(values, set_by)
  stop_on(problems)
  for _, warning in ipairs(warnings) do say("warn", warning) end
end

-- Prosody's own configuration is this image's; one that a mount brought along would silently be without effect.
local function check_foreign()
  local file = io.open("/etc/prosody/prosody.cfg.lua")
  if not file then return end
  file:close()
  stop_on({ "/etc/prosody/prosody.cfg.lua is not read: this image is configured by PROSODY_… variables, and what they cannot say "
    .. "goes into files called /etc/prosody/conf.d/*.cfg.lua. Move it there, or take it away." })
end

local function settle_server()
  stop_on({ require("foundry.identity").settle_server() })
  if process.user == 0 then say("warn", "The server runs as user 0: any other would do as well, see --user.") end
  stop_on({ require("foundry.data-folder").check() })
  stop_on({ require("foundry.series-mark").check_folder() })
end

-- Nobody replaces the data while a server uses it; a restore that was interrupted when all was there is finished.
local function share_data()
  if not require("foundry.data.lock").share(folders.data) then
    stop_on({ "The data is being moved or restored by another container: wait until it is done." })
  end
  local done, problem = pcall(require("foundry.data.staging").finish, folders.data)
  if not done then stop_on({ "A restore was interrupted, and cannot be finished: " .. tostring(problem) }) end
end

local function warn(values)
  if not values.PROSODY_DOMAIN and #values.PROSODY_VIRTUAL_HOSTS == 0 then
    say("warn", "This server is for localhost: set PROSODY_DOMAIN to the domain of its addresses.")
  end
end

-- PID 1 ignores a signal it has no handler for, so `docker stop` in the first moments would wait and then kill. Lua
-- runs the handler that is installed when Prosody is done starting: Prosody's own.
local function heed_signals_early()
  local loaded, signal = pcall(require, "util.signal")
  if not loaded then return end
  for _, name in ipairs({ "SIGTERM", "SIGINT" }) do
    signal.signal(name, function() os.exit(0) end)
  end
end

-- Prosody 0.12 does so when it loads mod_posix, which is before or after the module that makes the socket, as it happens.
local function set_umask_early()
  local loaded, pposix = pcall(require, "util.pposix")
  if loaded then pposix.umask("007") end
end

local function become(program, arguments)
  arguments[0] = program
  arg = arguments
  return dofile(program)
end

local function run_server(arguments)
  package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath
  heed_signals_early()
  set_umask_early()
  local values, set_by = check_environment()
  check_foreign()
  settle_server()
  share_data()
  pcall(require("lfs").mkdir, "/run/prosody")
  check_files(values, set_by)
  warn(values)
  local failure = require("foundry.await-database")(values, set_by, say)
  if failure then os.exit(failure) end
  local words = { "-F", "--config", folders.configuration }
  for _, word in ipairs(arguments) do
    if word ~= "-F" then words[#words + 1] = word end
  end
  return become("/usr/bin/prosody", words)
end

local function run_prosodyctl(arguments)
  if arguments[1] == "prosodyctl" then table.remove(arguments, 1) end
  stop_on({ require("foundry.prosodyctl").judge(arguments) })
  check_environment()
  stop_on({ require("foundry.identity").settle_tool() })
  return become("/usr/lib/prosody/prosodyctl", { "--config", folders.configuration, table.unpack(arguments) })
end

local function find_command(name)
  local path = folder .. "foundry/commands/" .. name .. ".lua"
  local file = name:find("^[%l-]+$") and io.open(path)
  if file then file:close() end
  return file and dofile(path)
end

-- Without a word the container runs the server; `foundry`, which is for `docker exec`, tells what there is.
local function first_word()
  if arg[1] == "--help" or not arg[1] and (arg[0] or ""):find("/foundry$") then return "help" end
  return arg[1] or "prosody"
end

local first = first_word()
if first == "prosody" then
  table.remove(arg, 1)
  return run_server(arg)
end
local command = find_command(first)
if not command then return run_prosodyctl(arg) end
table.remove(arg, 1)
os.exit(command(arg) or 0)
