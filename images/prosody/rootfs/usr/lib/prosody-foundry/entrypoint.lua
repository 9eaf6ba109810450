-- PID 1. Checks the environment, then becomes Prosody or prosodyctl in this same process: signals reach it, nothing
-- forks, and no shell is needed. Commands of the image's own are the files of foundry/commands.

local folder = "/usr/lib/prosody-foundry/"
local data_folder = "/var/lib/prosody"
local bad_configuration = 78 -- EX_CONFIG of sysexits.h

package.path = folder .. "?.lua;" .. package.path
package.cpath = folder .. "?.so;" .. package.cpath

local function say(level, sentence)
  io.stderr:write(("prosody-foundry\t%s\t%s\n"):format(level, sentence))
end

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
  local values, problems, set_by = environment.read(os.getenv)
  for _, problem in ipairs(environment.find_unknown(read_environment())) do problems[#problems + 1] = problem end
  stop_on(problems)
  return values, set_by
end

local function user_id()
  for line in io.lines("/proc/self/status") do
    local uid = line:match("^Uid:%s+%d+%s+(%d+)")
    if uid then return uid end
  end
end

local function check_user()
  if user_id() ~= "0" then return end
  stop_on({ "Prosody does not run as root: leave out --user, or give another one." })
end

-- Docker gives a volume to root when it was made for another image, and bind mounts belong to whoever made them.
local function check_data_folder()
  local probe = data_folder .. "/.probe"
  local file, reason = io.open(probe, "w")
  if file then
    file:close()
    os.remove(probe)
    return
  end
  local uid = user_id()
  local hint = reason:find("Read%-only") and ("mount a volume or a tmpfs at " .. data_folder)
    or ("give the volume to that user once, with `chown -R %s` on its files"):format(uid)
  stop_on({ ("User %s cannot write to %s: %s."):format(uid, data_folder, hint) })
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
    if file then file:close() else say("warn", ("User %s cannot read %s."):format(user_id(), file_path)) end
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
  local values, set_by = check_environment()
  check_user()
  check_data_folder()
  warn(values)
  pcall(require("lfs").mkdir, "/run/prosody")
  heed_signals_early()
  local failure = require("foundry.await_database")(values, set_by, say)
  if failure then os.exit(failure) end
  if arguments[1] ~= "-F" then table.insert(arguments, 1, "-F") end
  return become("/usr/bin/prosody", arguments)
end

local function run_prosodyctl(arguments)
  check_environment()
  if arguments[1] == "prosodyctl" then table.remove(arguments, 1) end
  return become("/usr/bin/prosodyctl", arguments)
end

local function find_command(name)
  local path = folder .. "foundry/commands/" .. name .. ".lua"
  local file = name:find("^[%l-]+$") and io.open(path)
  if file then file:close() end
  return file and dofile(path)
end

local first = arg[1] == "--help" and "help" or arg[1] or "prosody"
if first == "prosody" then
  table.remove(arg, 1)
  return run_server(arg)
end
local command = find_command(first)
if not command then return run_prosodyctl(arg) end
table.remove(arg, 1)
os.exit(command(arg) or 0)
