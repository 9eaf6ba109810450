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

local function read_environment()
  local environment = {}
  local file = io.open("/proc/self/environ")
  if not file then return environment end
  for name, text in file:read("a"):gmatch("([^=%z]+)=(%Z*)") do environment[name] = text end
  file:close()
  return environment
end

local function stop_on(problems)
  if #problems == 0 then return end
  for _, problem in ipairs(problems) do say("error", problem) end
  os.exit(bad_configuration)
end

local function check_environment()
  local environment = require("foundry.environment")
  local values, problems = environment.read(os.getenv)
  for _, problem in ipairs(environment.find_unknown(read_environment())) do problems[#problems + 1] = problem end
  stop_on(problems)
  return values
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

local function visit_files(path, depth, visit)
  local lfs = require("lfs")
  local opened, each, state = pcall(lfs.dir, path)
  if not opened or depth == 0 then return end
  for entry in each, state do
    local inside = path .. "/" .. entry
    local mode = lfs.attributes(inside, "mode")
    if mode == "directory" and entry:sub(1, 1) ~= "." then visit_files(inside, depth - 1, visit) end
    if mode == "file" then visit(inside) end
  end
end

-- Prosody looks three folders deep. Without a certificate it starts, and nobody can log in.
local function warn_of_certificates(path)
  local found = false
  visit_files(path, 3, function(file_path)
    if file_path:find("%.crt$") or file_path:find("fullchain[^/]*$") or file_path:find("%.pem$") then found = true end
    local file = io.open(file_path)
    if file then file:close() else say("warn", ("User %d cannot read %s."):format(process.user, file_path)) end
  end)
  if found then return end
  say("warn", ("There is no certificate in %s: nobody can log in until there is one."):format(path))
end

local function warn(values)
  if not values.PROSODY_DOMAIN and #values.PROSODY_VIRTUAL_HOSTS == 0 then
    say("warn", "This server is for localhost: set PROSODY_DOMAIN to the domain of its addresses.")
  end
  warn_of_certificates(values.PROSODY_CERTIFICATES)
end

-- PID 1 ignores a signal it has no handler for, so `docker stop` in the first moments would wait and then kill. Lua
-- runs the handler that is installed when Prosody is done starting: Prosody's own.
local function heed_signals_early()
  package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath
  local loaded, signal = pcall(require, "util.signal")
  if not loaded then return end
  for _, name in ipairs({ "SIGTERM", "SIGINT" }) do
    signal.signal(name, function() os.exit(0) end)
  end
end

local function become(program, arguments)
  arguments[0] = program
  arg = arguments
  return dofile(program)
end

local function run_server(arguments)
  local values = check_environment()
  check_foreign()
  settle_server()
  warn(values)
  pcall(require("lfs").mkdir, "/run/prosody")
  heed_signals_early()
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
