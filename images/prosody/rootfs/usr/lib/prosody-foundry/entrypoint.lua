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

local function check_environment()
  local environment = require("foundry.environment")
  return environment.check(os.getenv, environment.read_all())
end

-- What was set and does nothing.
local function find_idle(values, set_by, doubted)
  local idle = require("foundry.idle")
  return append(idle.find_foreign(require("foundry.environment").read_all()), idle.find(values, set_by, doubted))
end

-- Prosody's own configuration is this image's; one that a mount brought along would silently be without effect.
local function find_foreign()
  local file = io.open("/etc/prosody/prosody.cfg.lua")
  if not file then return nil end
  file:close()
  return "/etc/prosody/prosody.cfg.lua is not read: this image is configured by PROSODY_… variables, and what they cannot say "
    .. "goes into files called /etc/prosody/conf.d/*.cfg.lua. Move it there, or take it away."
end

-- All that can be told before anything is done, at once: of the user, the environment, the data folder and files. These
-- are looked at as the user who will use them.
local function check_server()
  local wrong_user = require("foundry.identity").settle_server()
  local values, problems, set_by, doubted = check_environment()
  append(problems, { wrong_user })
  append(problems, { find_foreign() })
  -- What somebody may write who never was to be the server says nothing.
  local unusable = not wrong_user and require("foundry.data-folder").check() or nil
  append(problems, { unusable })
  -- Where it cannot be used, the note of it may be as unreadable.
  if not wrong_user and not unusable then append(problems, { (require("foundry.series-mark").judge_folder()) }) end
  pcall(require("lfs").mkdir, "/run/prosody")
  local wrong, warnings = require("foundry.raw").judge(values, set_by, doubted)
  stop_on(append(problems, wrong))
  if process.user == 0 then say("warn", "The server runs as user 0: any other would do as well, see --user.") end
  for _, warning in ipairs(append(warnings, find_idle(values, set_by, doubted))) do say("warn", warning) end
  return values, set_by
end

-- Nobody replaces the data while a server uses it; a restore that was interrupted when all was there is finished.
local function share_data()
  if not require("foundry.data.lock").share(folders.data) then
    stop_on({ "The data is being moved or restored by another container: wait until it is done." })
  end
  local done, problem = pcall(require("foundry.data.staging").finish, folders.data)
  if not done then stop_on({ "A restore was interrupted, and cannot be finished: " .. tostring(problem) }) end
  local problem, warning = require("foundry.series-mark").check_folder()
  stop_on({ problem })
  if warning then say("warn", warning) end
  require("foundry.kept-certificates").remove()
end

local function warn(values)
  if not values.PROSODY_DOMAIN and #values.PROSODY_VIRTUAL_HOSTS == 0 then
    local domain = require("foundry.hosts").list_hosts(values)[1]
    local whence = domain == "localhost" and "" or ", the hostname of its container"
    say("warn", ("This server is for %s%s: set PROSODY_DOMAIN to the domain of its addresses."):format(domain, whence))
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
  local values, set_by = check_server()
  share_data()
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
  stop_on({ require("foundry.identity").settle_tool() })
  local values, problems, _, doubted = check_environment()
  stop_on(append(problems, require("foundry.raw").find_faults(values, doubted)))
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
